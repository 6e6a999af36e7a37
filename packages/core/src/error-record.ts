import {
  type EngineErrorKind,
  SpoolConfigError,
  SpoolEngineError,
  type SpoolError,
  SpoolLockedError,
  type WriteOutcome,
} from "./errors.ts";

/**
 * An error as a shard's thread sends it: a plain record, because structured clone drops the class and the own fields of
 * an error. Covers the errors that a shard's thread creates; all others are created on the main thread.
 */
export type ErrorRecord =
  | {
      readonly code: "SPOOL_ENGINE";
      readonly message: string;
      readonly kind: EngineErrorKind;
      readonly path: string;
      readonly cause: CauseRecord | null;
    }
  | { readonly code: "SPOOL_LOCKED"; readonly path: string; readonly cause: CauseRecord | null }
  | { readonly code: "SPOOL_CONFIG"; readonly field: string; readonly value: unknown; readonly allowed: string };

/** What is kept of an error's cause: RocksDB's text, and Node's `code`, such as `EIO`. */
export interface CauseRecord {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
}

/** An error of any other class becomes an engine error of kind `other`. */
export function toErrorRecord(error: unknown, path: string): ErrorRecord {
  if (error instanceof SpoolEngineError) {
    return {
      code: error.code,
      message: error.message,
      kind: error.kind,
      path: error.path,
      cause: toCause(error.cause),
    };
  }
  if (error instanceof SpoolLockedError) return { code: error.code, path: error.path, cause: toCause(error.cause) };
  if (error instanceof SpoolConfigError) {
    return { code: error.code, field: error.field, value: error.value, allowed: error.allowed };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: "SPOOL_ENGINE", message, kind: "other", path, cause: toCause(error) };
}

export function fromErrorRecord(record: ErrorRecord, outcome?: WriteOutcome): SpoolError {
  switch (record.code) {
    case "SPOOL_ENGINE":
      return new SpoolEngineError(record.message, {
        kind: record.kind,
        path: record.path,
        cause: fromCause(record.cause),
        outcome,
      });
    case "SPOOL_LOCKED":
      return new SpoolLockedError(record.path, fromCause(record.cause));
    case "SPOOL_CONFIG":
      return new SpoolConfigError(record.field, record.value, record.allowed);
  }
}

function toCause(cause: unknown): CauseRecord | null {
  if (!(cause instanceof Error)) return null;
  const code = (cause as { code?: unknown }).code;
  return { name: cause.name, message: cause.message, code: typeof code === "string" ? code : null };
}

function fromCause(cause: CauseRecord | null): Error | undefined {
  if (cause === null) return undefined;
  const error = new Error(cause.message);
  error.name = cause.name;
  return cause.code === null ? error : Object.assign(error, { code: cause.code });
}

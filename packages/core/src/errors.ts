/** Whether a rejected write can still take effect: `not-written` means never, `unknown` means possibly. */
export type WriteOutcome = "not-written" | "unknown";

/** All codes. Each class has one of its own. */
export type SpoolErrorCode =
  | "SPOOL_UNHEALTHY"
  | "SPOOL_FULL"
  | "SPOOL_CALLER_DEADLINE"
  | "SPOOL_BACKPRESSURE_TIMEOUT"
  | "SPOOL_NOT_FOUND"
  | "SPOOL_ENGINE"
  | "SPOOL_TOO_LARGE"
  | "SPOOL_LOCKED"
  | "SPOOL_SHARD_LOST"
  | "SPOOL_CLOSED"
  | "SPOOL_CONFIG";

/** Base class of all errors of a spool. */
export abstract class SpoolError extends Error {
  abstract readonly code: SpoolErrorCode;
  /** Set on errors of `store` and `remove`. */
  declare readonly outcome?: WriteOutcome;

  constructor(message: string, options?: { cause?: unknown; outcome?: WriteOutcome | undefined }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    if (options?.outcome !== undefined) this.outcome = options.outcome;
  }
}

/**
 * The shard's gate is latched: writes are refused until the shard proves that it works, or the operator opens the gate.
 */
export class SpoolUnhealthyError extends SpoolError {
  readonly code = "SPOOL_UNHEALTHY";
  constructor(outcome: WriteOutcome = "not-written") {
    super(UNHEALTHY_REASON, { outcome });
  }
}

/** What `unhealthyReason()` returns while any or all shards refuse writes, as `shedWhen` says. KumoMTA's text. */
export const UNHEALTHY_REASON = "the spool is not accepting writes";

/** What `unhealthyReason()` returns while free space or inodes are below `minFreeSpace` or `minFreeInodes`. */
export const FULL_REASON = "the spool storage is too full";

/** The store was refused because free space or inodes are below `minFreeSpace` or `minFreeInodes`. */
export class SpoolFullError extends SpoolError {
  readonly code = "SPOOL_FULL";
  constructor() {
    super(FULL_REASON, { outcome: "not-written" });
  }
}

/** The call's `deadline` passed before the write finished. */
export class SpoolCallerDeadlineExceededError extends SpoolError {
  readonly code = "SPOOL_CALLER_DEADLINE";
  constructor(outcome: WriteOutcome) {
    super("the caller's deadline came before the spool could finish the write", { outcome });
  }
}

/** `params.storeDeadline` passed before the write finished, and the call had no earlier `deadline`. */
export class SpoolBackpressureTimeoutError extends SpoolError {
  readonly code = "SPOOL_BACKPRESSURE_TIMEOUT";
  /** The value of `storeDeadline`, in milliseconds. */
  readonly deadlineMs: number;
  constructor(deadlineMs: number, outcome: WriteOutcome) {
    super(`the spool could not finish the write within its storeDeadline of ${deadlineMs} ms`, { outcome });
    this.deadlineMs = deadlineMs;
  }
}

/** The spool does not hold the id that was to be loaded. */
export class SpoolNotFoundError extends SpoolError {
  readonly code = "SPOOL_NOT_FOUND";
  readonly id: string;
  constructor(id: string) {
    // KumoMTA's text (rocks.rs:521).
    super(`no such key ${id}`);
    this.id = id;
  }
}

/** `corruption` and `io` are never harmless and latch the shard's gate at once (rocks.rs:849). */
export type EngineErrorKind = "corruption" | "io" | "busy" | "other";

/** The storage engine failed, or returned something else than was stored. */
export class SpoolEngineError extends SpoolError {
  readonly code = "SPOOL_ENGINE";
  readonly kind: EngineErrorKind;
  /** The shard's directory; the first one's if several shards failed. */
  readonly path: string;
  /** The shards that failed, if the operation was on all shards. */
  declare readonly shards?: readonly number[];
  constructor(
    message: string,
    details: {
      kind: EngineErrorKind;
      path: string;
      shards?: readonly number[];
      cause?: unknown;
      outcome?: WriteOutcome | undefined;
    },
  ) {
    super(message, details);
    this.kind = details.kind;
    this.path = details.path;
    if (details.shards !== undefined) this.shards = details.shards;
  }
}

/** The message is larger than `maxPendingBytes`. */
export class SpoolTooLargeError extends SpoolError {
  readonly code = "SPOOL_TOO_LARGE";
  readonly size: number;
  readonly limit: number;
  constructor(size: number, limit: number) {
    super(`a message of ${size} bytes is larger than maxPendingBytes, ${limit} bytes`, { outcome: "not-written" });
    this.size = size;
    this.limit = limit;
  }
}

/** Another process, or another spool of this process, has the directory open. */
export class SpoolLockedError extends SpoolError {
  readonly code = "SPOOL_LOCKED";
  readonly path: string;
  constructor(path: string, cause?: unknown) {
    super(`${path} is open in another process or by another spool of this one`, { cause });
    this.path = path;
  }
}

/** The shard's thread died during the operation. A write that had been sent to it is `unknown`, else `not-written`. */
export class SpoolShardLostError extends SpoolError {
  readonly code = "SPOOL_SHARD_LOST";
  readonly shard: number;
  constructor(shard: number, details: { cause?: unknown; outcome?: WriteOutcome | undefined } = {}) {
    const why = details.cause instanceof Error ? `: ${details.cause.message}` : "";
    super(`the thread of shard ${shard} died with the operation in it${why}`, details);
    this.shard = shard;
  }
}

/** The spool is shut down or shutting down. */
export class SpoolClosedError extends SpoolError {
  readonly code = "SPOOL_CLOSED";
  constructor(outcome?: WriteOutcome) {
    super("the spool is shut down", { outcome });
  }
}

/** An option or argument is invalid, or the directory does not match the options. */
export class SpoolConfigError extends SpoolError {
  readonly code = "SPOOL_CONFIG";
  /** Dotted name of the option or argument, such as `params.logLevel`. */
  readonly field: string;
  readonly value: unknown;
  /** What is allowed, in words. */
  readonly allowed: string;
  constructor(field: string, value: unknown, allowed: string, options?: { cause?: unknown }) {
    super(`${field} is ${describe(value)}: ${allowed}`, options);
    this.field = field;
    this.value = value;
    this.allowed = allowed;
  }
}

/** For a write that was refused before it began: sets the outcome `not-written` if the error has none. */
export function notWritten(error: unknown): unknown {
  if (!(error instanceof SpoolError) || error.outcome !== undefined) return error;
  return Object.assign(error, { outcome: "not-written" satisfies WriteOutcome });
}

const MAX_SHOWN_CHARS = 100;

function describe(value: unknown): string {
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") return String(value);
  if (typeof value === "number" || value === undefined || value === null) return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A cycle or a throwing getter: shows the type only.
  }
  text ??= Object.prototype.toString.call(value);
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}

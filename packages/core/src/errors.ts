/** What became of a write that was rejected: it can never appear later, or nobody knows. When in doubt, `unknown`. */
export type WriteOutcome = "not-written" | "unknown";

/** The closed set of codes; each class below has exactly one. */
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

/** The base of every error that a spool makes. `outcome` is there on errors of `store` and `remove`. */
export abstract class SpoolError extends Error {
  abstract readonly code: SpoolErrorCode;
  declare readonly outcome?: WriteOutcome;

  constructor(message: string, options?: { cause?: unknown; outcome?: WriteOutcome | undefined }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    if (options?.outcome !== undefined) this.outcome = options.outcome;
  }
}

/** The shard's gate is latched: it takes no writes until it has proved that it works. Text as in the seed's `SpoolUnhealthyError`. */
export class SpoolUnhealthyError extends SpoolError {
  readonly code = "SPOOL_UNHEALTHY";
  constructor(outcome: WriteOutcome = "not-written") {
    super(UNHEALTHY_REASON, { outcome });
  }
}

/** What `unhealthyReason()` says while no shard takes writes. */
export const UNHEALTHY_REASON = "the spool is not accepting writes";

/** What `unhealthyReason()` says while free space or inodes are below what was asked for. */
export const FULL_REASON = "the spool storage is too full";

/** Free space or inodes are below `minFreeSpace` or `minFreeInodes`. */
export class SpoolFullError extends SpoolError {
  readonly code = "SPOOL_FULL";
  constructor() {
    super(FULL_REASON, { outcome: "not-written" });
  }
}

/** The `deadline` that the caller gave came before the operation's end. */
export class SpoolCallerDeadlineExceededError extends SpoolError {
  readonly code = "SPOOL_CALLER_DEADLINE";
  constructor(outcome: WriteOutcome) {
    super("the caller's deadline came before the spool could finish the write", { outcome });
  }
}

/** `params.storeDeadline` came before the operation's end, and the caller had given no nearer one. */
export class SpoolBackpressureTimeoutError extends SpoolError {
  readonly code = "SPOOL_BACKPRESSURE_TIMEOUT";
  /** The `storeDeadline` that ran out, in milliseconds. */
  readonly deadlineMs: number;
  constructor(deadlineMs: number, outcome: WriteOutcome) {
    super(`the spool could not finish the write within its storeDeadline of ${deadlineMs} ms`, { outcome });
    this.deadlineMs = deadlineMs;
  }
}

/** `load` of an id that the spool does not hold. Text as in the seed. */
export class SpoolNotFoundError extends SpoolError {
  readonly code = "SPOOL_NOT_FOUND";
  readonly id: string;
  constructor(id: string) {
    super(`no such key ${id}`);
    this.id = id;
  }
}

/** `corruption` and `io` have no harmless reading and latch the shard at once (`is_definitively_bad` in rocks.rs). */
export type EngineErrorKind = "corruption" | "io" | "busy" | "other";

/** The storage engine said no, or what it returned is not what was stored. */
export class SpoolEngineError extends SpoolError {
  readonly code = "SPOOL_ENGINE";
  readonly kind: EngineErrorKind;
  /** The shard's directory; the first one's where several failed. */
  readonly path: string;
  /** The shards that it concerns, where it speaks of an operation on all of them. */
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

/** A message larger than `maxPendingBytes`: it could never be taken. */
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

/** Another process, or another spool in this one, has the directory open. */
export class SpoolLockedError extends SpoolError {
  readonly code = "SPOOL_LOCKED";
  readonly path: string;
  constructor(path: string, cause?: unknown) {
    super(`${path} is open in another process or by another spool of this one`, { cause });
    this.path = path;
  }
}

/** The shard's thread died with the operation in it. Writes already sent are `unknown`, those still here `not-written`. */
export class SpoolShardLostError extends SpoolError {
  readonly code = "SPOOL_SHARD_LOST";
  readonly shard: number;
  constructor(shard: number, details: { cause?: unknown; outcome?: WriteOutcome | undefined } = {}) {
    const why = details.cause instanceof Error ? `: ${details.cause.message}` : "";
    super(`the thread of shard ${shard} died with the operation in it${why}`, details);
    this.shard = shard;
  }
}

/** The spool is shut down, or shutting down. */
export class SpoolClosedError extends SpoolError {
  readonly code = "SPOOL_CLOSED";
  constructor(outcome?: WriteOutcome) {
    super("the spool is shut down", { outcome });
  }
}

/** A wrong option or argument, or a directory that does not match the options. */
export class SpoolConfigError extends SpoolError {
  readonly code = "SPOOL_CONFIG";
  /** The dotted name of what was wrong, such as `params.logLevel`. */
  readonly field: string;
  readonly value: unknown;
  /** What it may be, in words. */
  readonly allowed: string;
  constructor(field: string, value: unknown, allowed: string, options?: { cause?: unknown }) {
    super(`${field} is ${describe(value)}: ${allowed}`, options);
    this.field = field;
    this.value = value;
    this.allowed = allowed;
  }
}

/** Of a write: an error that says nothing of the outcome came before anything was tried. */
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
    // A cycle or a throwing getter: the type says enough.
  }
  text ??= Object.prototype.toString.call(value);
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}

import { SpoolError, type SpoolErrorCode } from "@rockspool/core";

/** How a store, load or remove ended. The numbers index the counters of `OperationMeter`. */
export const Outcome = {
  /** The operating system has the write. */
  Written: 0,
  /** The write is on the disk. */
  Synced: 1,
  Found: 2,
  Absent: 3,
  /** The shard's gate was latched. */
  Unhealthy: 4,
  /** The storage had too little free space or too few free inodes. */
  Full: 5,
  TooLarge: 6,
  /** The caller's deadline passed. */
  CallerDeadline: 7,
  /** `storeDeadline` passed. */
  BackpressureTimeout: 8,
  /** The caller's signal aborted it. */
  Aborted: 9,
  /** The engine failed, or the shard is down. */
  Engine: 10,
  /** The shard's thread died. */
  ShardLost: 11,
  /** The spool is shut down. */
  Closed: 12,
  /** Any other error; none is known to occur. */
  Other: 13,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** The value of the `outcome` label in the metrics. */
export const OUTCOME_LABELS: Readonly<Record<Outcome, string>> = {
  [Outcome.Written]: "written",
  [Outcome.Synced]: "synced",
  [Outcome.Found]: "found",
  [Outcome.Absent]: "absent",
  [Outcome.Unhealthy]: "unhealthy",
  [Outcome.Full]: "full",
  [Outcome.TooLarge]: "too_large",
  [Outcome.CallerDeadline]: "caller_deadline",
  [Outcome.BackpressureTimeout]: "backpressure_timeout",
  [Outcome.Aborted]: "aborted",
  [Outcome.Engine]: "engine",
  [Outcome.ShardLost]: "shard_lost",
  [Outcome.Closed]: "closed",
  [Outcome.Other]: "other",
};

const OUTCOMES: Readonly<Record<SpoolErrorCode, Outcome>> = {
  SPOOL_UNHEALTHY: Outcome.Unhealthy,
  SPOOL_FULL: Outcome.Full,
  SPOOL_CALLER_DEADLINE: Outcome.CallerDeadline,
  SPOOL_BACKPRESSURE_TIMEOUT: Outcome.BackpressureTimeout,
  SPOOL_NOT_FOUND: Outcome.Absent,
  SPOOL_ENGINE: Outcome.Engine,
  SPOOL_TOO_LARGE: Outcome.TooLarge,
  // The shard is down because it is open elsewhere.
  SPOOL_LOCKED: Outcome.Engine,
  SPOOL_SHARD_LOST: Outcome.ShardLost,
  SPOOL_CLOSED: Outcome.Closed,
  SPOOL_CONFIG: Outcome.Other,
};

/** The outcome of an operation that was rejected with this error. */
export function outcomeOf(error: unknown): Outcome {
  return error instanceof SpoolError ? OUTCOMES[error.code] : Outcome.Other;
}

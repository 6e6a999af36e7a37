import { SpoolError, type SpoolErrorCode } from "@rockspool/core";

/** How a store, load or remove ended: a closed set, for whoever counts. Numbers, because they index what counts them. */
export const Outcome = {
  /** A write that the operating system has. */
  Written: 0,
  /** A write that is on the disk. */
  Synced: 1,
  Found: 2,
  Absent: 3,
  /** The shard's gate was latched. */
  Unhealthy: 4,
  /** Free space or inodes were too few. */
  Full: 5,
  TooLarge: 6,
  /** The caller's own deadline came first. */
  CallerDeadline: 7,
  /** `storeDeadline` came first. */
  BackpressureTimeout: 8,
  /** The caller's signal. */
  Aborted: 9,
  /** The engine said no, or the shard is down. */
  Engine: 10,
  /** The shard's thread died. */
  ShardLost: 11,
  /** The spool is shut down. */
  Closed: 12,
  /** None of these: nothing that is known to happen. */
  Other: 13,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** What each is called as a label. */
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
  // A shard that is down because somebody else has it.
  SPOOL_LOCKED: Outcome.Engine,
  SPOOL_SHARD_LOST: Outcome.ShardLost,
  SPOOL_CLOSED: Outcome.Closed,
  SPOOL_CONFIG: Outcome.Other,
};

/** What an operation ended with that was rejected for this. */
export function outcomeOf(error: unknown): Outcome {
  return error instanceof SpoolError ? OUTCOMES[error.code] : Outcome.Other;
}

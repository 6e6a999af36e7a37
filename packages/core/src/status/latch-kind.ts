/** Why a gate latches: a closed set, which metrics and events use. */
export const LATCH_KINDS = [
  /** The shard's thread found a corruption. */
  "corruption",
  /** The shard's thread got an I/O error, or a file is missing. */
  "io",
  /** Errors that may be harmless, but went on for `errorLatchDuration`. */
  "errors",
  /** The shard's thread does not answer. */
  "hang",
  /** Data that the shard must hold is missing: it is read-only. */
  "loss",
  /** The shard cannot be opened. */
  "down",
  /** The operator latched it. */
  "operator",
] as const;
export type LatchKind = (typeof LATCH_KINDS)[number];

/** Why a gate opens: the shard proved that it works, or the operator forced the gate open. */
export const UNLATCH_KINDS = ["proof", "force"] as const;
export type UnlatchKind = (typeof UNLATCH_KINDS)[number];

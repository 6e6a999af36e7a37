/** Why a gate latches: a closed set, for whoever counts. */
export const LATCH_KINDS = [
  /** The shard's thread met a corruption. */
  "corruption",
  /** The shard's thread met an I/O error, or a file is missing. */
  "io",
  /** Errors that are no proof of anything, for `errorLatchDuration`. */
  "errors",
  /** The shard's thread does not answer. */
  "hang",
  /** What the shard must hold is not there: it is read-only. */
  "loss",
  /** The shard cannot be opened. */
  "down",
  /** The operator's hand. */
  "operator",
] as const;
export type LatchKind = (typeof LATCH_KINDS)[number];

/** Why a gate opens again: the shard has proved that it works, or the operator forced it. */
export const UNLATCH_KINDS = ["proof", "force"] as const;
export type UnlatchKind = (typeof UNLATCH_KINDS)[number];

import type { ConcurrencyLimit } from "./concurrency-limit.ts";

/** What an operation takes of the limits from its admission on. */
export interface Reservation {
  /** Index of its shard, whose quota it takes. */
  readonly shard: number;
  readonly bytes: number;
  /** Null if operations of its kind are not limited. */
  readonly limit: ConcurrencyLimit | null;
}

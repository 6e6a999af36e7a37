/** How many operations of a class are with the shards, and how many may be. */
export class Counter {
  readonly limit: number;
  used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }
}

/** What an operation takes up while it is with the shards. */
export interface Claim {
  /** The index of its shard: whose share of the line it takes. */
  readonly share: number;
  readonly bytes: number;
  /** Null where its class has no limit. */
  readonly counter: Counter | null;
}

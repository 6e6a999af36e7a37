import type { Operation } from "../operations/operation.ts";
import { LinkedQueue } from "./linked-queue.ts";
import type { QueuedOperation } from "./queued-operation.ts";

/** A smaller quota would not fill the frames that a shard works on. */
const QUOTA_MIN_BYTES = 4 * 1024 * 1024;

/** The quota of each of so many shards. */
export function quotaBytes(maxBytes: number, shards: number): number {
  // With two or more shards no quota is more than half, so a stalled shard leaves the others at least half.
  const minBytes = Math.min(QUOTA_MIN_BYTES, maxBytes / Math.min(shards, 2));
  return Math.max(maxBytes / shards, minBytes);
}

/** A shard's part of `maxPendingBytes`, and the operations of this shard that wait for admission. */
export class ShardQuota<O extends Operation<unknown>> {
  readonly queue = new LinkedQueue<QueuedOperation<O>>();
  readonly maxBytes: number;
  usedBytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** A message larger than the quota is admitted when it is the shard's only one. */
  fits(bytes: number): boolean {
    return this.usedBytes === 0 || this.usedBytes + bytes <= this.maxBytes;
  }
}

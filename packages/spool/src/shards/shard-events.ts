import { channel } from "node:diagnostics_channel";
import { dirname } from "node:path";
import type { LatchKind, UnlatchKind } from "@rockspool/core";

/**
 * What happens to shards, published on channels of `node:diagnostics_channel` (docs/events.md). Without a subscriber it costs a
 * look at a flag. Published on the main thread, in the turn or the monitor tick that sees it.
 */

/** What each message says. */
export interface ShardEvent {
  /** The spool's directory. */
  readonly spool: string;
  readonly shard: number;
  /** The shard's directory. */
  readonly path: string;
  readonly reason: string;
  readonly at: Date;
}

/** `rockspool:latch`; `kind` null where another thread is still writing it down. */
export interface LatchEvent extends ShardEvent {
  readonly kind: LatchKind | null;
}

/** `rockspool:unlatch` */
export interface UnlatchEvent extends ShardEvent {
  readonly kind: UnlatchKind;
}

/** `rockspool:loss` */
export interface LossEvent extends ShardEvent {
  /** Batch numbers, both ends included: all or some of these are missing. Null where they cannot be told. */
  readonly missing: { readonly from: number; readonly to: number } | null;
}

const latch = channel("rockspool:latch");
const unlatch = channel("rockspool:unlatch");
const up = channel("rockspool:shard:up");
const down = channel("rockspool:shard:down");
const loss = channel("rockspool:loss");

/** One shard's events. */
export class ShardEvents {
  readonly #shard: number;
  readonly #path: string;

  constructor(shard: number, path: string) {
    this.#shard = shard;
    this.#path = path;
  }

  latched(reason: string, kind: LatchKind | null, at: Date): void {
    if (latch.hasSubscribers) latch.publish({ ...this.#event(reason, at), kind } satisfies LatchEvent);
  }

  unlatched(reason: string, kind: UnlatchKind, at: Date): void {
    if (unlatch.hasSubscribers) unlatch.publish({ ...this.#event(reason, at), kind } satisfies UnlatchEvent);
  }

  /** A thread serves it: it takes loads, and writes too unless it is latched. */
  up(reason: string): void {
    if (up.hasSubscribers) up.publish(this.#event(reason));
  }

  /** No thread serves it. */
  down(reason: string): void {
    if (down.hasSubscribers) down.publish(this.#event(reason));
  }

  lossFound(reason: string, missing: LossEvent["missing"]): void {
    if (loss.hasSubscribers) loss.publish({ ...this.#event(reason), missing } satisfies LossEvent);
  }

  #event(reason: string, at = new Date()): ShardEvent {
    return { spool: dirname(this.#path), shard: this.#shard, path: this.#path, reason, at };
  }
}

import { channel } from "node:diagnostics_channel";
import { dirname } from "node:path";
import type { LatchKind, UnlatchKind } from "@rockspool/core";

/**
 * Events of shards, published on channels of `node:diagnostics_channel` (docs/events.md) on the main thread, in the
 * turn or monitor tick that detects them. Without a subscriber an event costs the check of a flag.
 */

/** The fields of every event. */
export interface ShardEvent {
  /** The spool's directory. */
  readonly spool: string;
  readonly shard: number;
  /** The shard's directory. */
  readonly path: string;
  readonly reason: string;
  readonly at: Date;
}

/** `rockspool:latch` */
export interface LatchEvent extends ShardEvent {
  readonly kind: LatchKind;
}

/** `rockspool:unlatch` */
export interface UnlatchEvent extends ShardEvent {
  readonly kind: UnlatchKind;
}

/** `rockspool:loss` */
export interface LossEvent extends ShardEvent {
  /** Numbers of the first and last block of which all or some are missing. Null if the range is not known. */
  readonly missing: { readonly from: number; readonly to: number } | null;
}

const latch = channel("rockspool:latch");
const unlatch = channel("rockspool:unlatch");
const up = channel("rockspool:shard:up");
const down = channel("rockspool:shard:down");
const loss = channel("rockspool:loss");

/** Publishes the events of one shard. */
export class ShardEvents {
  readonly #shard: number;
  readonly #path: string;

  constructor(shard: number, path: string) {
    this.#shard = shard;
    this.#path = path;
  }

  latched(reason: string, kind: LatchKind, at: Date): void {
    if (latch.hasSubscribers) latch.publish({ ...this.#event(reason, at), kind } satisfies LatchEvent);
  }

  unlatched(reason: string, kind: UnlatchKind, at: Date): void {
    if (unlatch.hasSubscribers) unlatch.publish({ ...this.#event(reason, at), kind } satisfies UnlatchEvent);
  }

  /** A thread serves the shard: it takes loads, and writes unless its gate is latched. */
  up(reason: string): void {
    if (up.hasSubscribers) up.publish(this.#event(reason));
  }

  /** No thread serves the shard. */
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

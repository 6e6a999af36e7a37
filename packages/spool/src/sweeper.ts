import { SpoolUnhealthyError } from "@rockspool/core";
import type { Line } from "./line.ts";
import type { ShardClient } from "./shard-client.ts";
import { WriteOperation } from "./write-operation.ts";

/**
 * One coarse timer for all deadlines, and for gates that latch while nothing moves: writes cost no timer each. The shard drops
 * by itself what expires before its batch; this is for what waits here, and for a shard that has stopped answering.
 */
const SWEEP_INTERVAL_MS = 25;

/**
 * How much later than its deadline a write is given up that is with the shard's thread: the thread knows better whether it
 * can still happen, so its answer is let come first. Together with the interval this stays below 60 ms.
 */
const SENT_GRACE_MS = 30;

export class Sweeper {
  readonly #line: Line;
  readonly #shards: readonly ShardClient[];
  #timer: NodeJS.Timeout | null = null;
  #resting = true;

  constructor(line: Line, shards: readonly ShardClient[]) {
    this.#line = line;
    this.#shards = shards;
  }

  /** There is something to watch. */
  watch(): void {
    this.#resting = false;
    this.#timer ??= setInterval(this.#sweep, SWEEP_INTERVAL_MS);
  }

  /** Nothing is under way. The timer ends at its next turn, so that calls one by one do not make a timer each. */
  rest(): void {
    this.#resting = true;
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  readonly #sweep = (): void => {
    if (this.#resting) {
      this.end();
      return;
    }
    const nowMs = Date.now();
    for (const operation of this.#line.operations) {
      if (operation instanceof WriteOperation) this.#look(operation, nowMs);
    }
    for (const shard of this.#shards) {
      for (const operation of shard.writes.operations()) this.#look(operation, nowMs);
    }
  };

  #look(operation: WriteOperation, nowMs: number): void {
    if (operation.settled) return;
    const graceMs = operation.sent ? SENT_GRACE_MS : 0;
    if (operation.write.deadline.ms + graceMs <= nowMs) operation.expire();
    // What is with the shard's thread is answered there; what waits here need not wait for it.
    else if (operation.gate.latched && !operation.sent) operation.giveUp(() => new SpoolUnhealthyError());
  }
}

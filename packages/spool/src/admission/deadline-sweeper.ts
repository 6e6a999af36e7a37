import { type ShardGate, SpoolUnhealthyError } from "@rockspool/core";
import { stackless } from "../operations/stackless.ts";
import { WatchList } from "../operations/watch-list.ts";
import type { WriteOperation } from "../operations/write-operation.ts";

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
  readonly #gates: readonly ShardGate[];
  readonly #writes = new WatchList<WriteOperation>();
  /** What the last sweep saw of each gate. */
  #seen: readonly { readonly latched: boolean; readonly latches: number }[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(gates: readonly ShardGate[]) {
    this.#gates = gates;
  }

  watch(operation: WriteOperation): void {
    this.#writes.add(operation);
    this.#timer ??= setInterval(this.#sweep, SWEEP_INTERVAL_MS);
  }

  /** It has settled. With the last the timer ends, at its next turn, so that calls one by one do not make a timer each. */
  leave(operation: WriteOperation): void {
    this.#writes.leave(operation);
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  readonly #sweep = (): void => {
    if (this.#writes.isEmpty) {
      this.end();
      return;
    }
    const nowMs = Date.now();
    this.#writes.look(nowMs, this.#anyLatchedSince(), (operation) => this.#look(operation, nowMs));
  };

  /** Whether a gate has latched since the last sweep. Whoever came later was refused at once, so that all are looked at only then. */
  #anyLatchedSince(): boolean {
    const seen = this.#gates.map(({ latched, latches }) => ({ latched, latches }));
    const before = this.#seen;
    this.#seen = seen;
    // The count shows a gate that opened and latched again since; the thread adds to it only after it has latched.
    return seen.some(({ latched, latches }, shard) => {
      return latched && (before[shard]?.latched !== true || latches !== before[shard].latches);
    });
  }

  #look(operation: WriteOperation, nowMs: number): void {
    const graceMs = operation.sent ? SENT_GRACE_MS : 0;
    if (operation.deadlineMs + graceMs <= nowMs) operation.expire();
    // What is with the shard's thread is answered there; what waits here need not wait for it.
    else if (operation.gate.latched && !operation.sent)
      operation.giveUp(() => stackless(() => new SpoolUnhealthyError()));
  }
}

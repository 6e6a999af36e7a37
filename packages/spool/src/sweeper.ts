import { type ShardGate, SpoolUnhealthyError } from "@rockspool/core";
import { stackless } from "./stackless.ts";
import { WatchList } from "./watch-list.ts";
import type { WriteOperation } from "./write-operation.ts";

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
  /** When each gate had latched, as the last sweep saw it; null for one that was open. */
  #latchedAtMs: readonly (number | null)[] = [];
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
    const latchedAtMs = this.#gates.map((gate) => gate.latchedAtMs);
    const any = latchedAtMs.some((ms, shard) => ms !== null && ms !== this.#latchedAtMs[shard]);
    this.#latchedAtMs = latchedAtMs;
    return any;
  }

  #look(operation: WriteOperation, nowMs: number): void {
    const graceMs = operation.sent ? SENT_GRACE_MS : 0;
    if (operation.deadlineMs + graceMs <= nowMs) operation.expire();
    // What is with the shard's thread is answered there; what waits here need not wait for it.
    else if (operation.gate.latched && !operation.sent)
      operation.giveUp(() => stackless(() => new SpoolUnhealthyError()));
  }
}

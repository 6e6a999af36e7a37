import { type ShardGate, SpoolUnhealthyError } from "@rockspool/core";
import { stackless } from "../operations/stackless.ts";
import type { WriteOperation } from "../operations/write-operation.ts";
import { WatchList } from "./watch-list.ts";

/**
 * One timer checks the deadlines and gates of all writes, so a write costs no timer of its own. The shard's thread
 * drops the writes that expire before their batch. The sweep is for writes that are not sent, and for a thread that
 * does not answer.
 */
const SWEEP_INTERVAL_MS = 25;

/**
 * How long after its deadline a sent write is cancelled. Only the shard's thread knows whether the write can still
 * happen, so its answer may arrive first. Together with the interval this stays below 60 ms.
 */
const SENT_GRACE_MS = 30;

export class DeadlineSweeper {
  readonly #gates: readonly ShardGate[];
  readonly #writes = new WatchList<WriteOperation>();
  /** The gates as the last sweep saw them. */
  #seen: readonly { readonly latched: boolean; readonly latches: number }[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(gates: readonly ShardGate[]) {
    this.#gates = gates;
  }

  watch(operation: WriteOperation): void {
    this.#writes.add(operation);
    this.#timer ??= setInterval(this.#sweep, SWEEP_INTERVAL_MS);
  }

  /** The timer ends in the first sweep that finds no write, not here: writes made one after another share it. */
  unwatch(operation: WriteOperation): void {
    this.#writes.remove(operation);
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
    const untilMs = this.#hasLatched() ? Number.POSITIVE_INFINITY : nowMs;
    this.#writes.visitDue(untilMs, (operation) => this.#check(operation, nowMs));
  };

  /**
   * Whether a gate has latched since the last sweep. Only then does a sweep visit all writes: those that are called
   * later are refused at once.
   */
  #hasLatched(): boolean {
    const seen = this.#gates.map(({ latched, latches }) => ({ latched, latches }));
    const before = this.#seen;
    this.#seen = seen;
    // A gate that opened and latched again since the last sweep differs in `latches` only. The thread adds to `latches`
    // after it latches; a sweep between the two visits all writes, and the next sweep does so again.
    return seen.some(({ latched, latches }, shard) => {
      return latched && (before[shard]?.latched !== true || latches !== before[shard].latches);
    });
  }

  #check(operation: WriteOperation, nowMs: number): void {
    const graceMs = operation.sent ? SENT_GRACE_MS : 0;
    if (operation.deadlineMs + graceMs <= nowMs) operation.expire();
    // The shard's thread answers the writes that are sent.
    else if (operation.gate.latched && !operation.sent)
      operation.cancel(() => stackless(() => new SpoolUnhealthyError()));
  }
}

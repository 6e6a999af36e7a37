import { DURATION_BOUNDS_SECONDS, Histogram } from "@rockspool/core";
import { OUTCOME_LABELS, type Outcome } from "./outcome.ts";
import { secondsSince, turnTicks } from "./turn-clock.ts";

/** Counts one shard's operations of one kind, in plain memory that is read when somebody scrapes. */
export class OperationMeter {
  /** Of all that were begun and have ended, whatever their outcome. */
  readonly seconds = new Histogram(DURATION_BOUNDS_SECONDS);
  readonly #outcomes = new Float64Array(Object.keys(OUTCOME_LABELS).length);
  #pending = 0;
  #pendingBytes = 0;

  /** An operation is under way from now on; when that was, in ticks, for `end`. */
  begin(bytes: number): number {
    this.#pending++;
    this.#pendingBytes += bytes;
    return turnTicks();
  }

  end(bytes: number, begun: number, outcome: Outcome): void {
    this.#pending--;
    this.#pendingBytes -= bytes;
    this.refused(outcome);
    this.seconds.add(secondsSince(begun));
  }

  /** A call that was refused at once: it was never under way. */
  refused(outcome: Outcome): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] as number) + 1;
  }

  count(outcome: Outcome): number {
    return this.#outcomes[outcome] as number;
  }

  /** How many are under way. */
  get pending(): number {
    return this.#pending;
  }

  /** Bytes that those under way take up. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }
}

/** What one shard is asked. */
export class ShardMeters {
  readonly store = new OperationMeter();
  readonly load = new OperationMeter();
  readonly remove = new OperationMeter();
}

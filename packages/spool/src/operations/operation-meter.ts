import { DURATION_BOUNDS_SECONDS, Histogram } from "@rockspool/core";
import { OUTCOME_LABELS, type Outcome } from "./outcome.ts";
import { secondsSince, turnTicks } from "./turn-clock.ts";

/** Counts one shard's operations of one kind. A scrape reads the counts; nothing else does. */
export class OperationMeter {
  /** Durations of all operations that have ended, whatever their outcome. */
  readonly seconds = new Histogram(DURATION_BOUNDS_SECONDS);
  readonly #outcomes = new Float64Array(Object.keys(OUTCOME_LABELS).length);
  #pending = 0;
  #pendingBytes = 0;

  /** Counts an operation as pending. Returns the time in ticks, to be passed to `end`. */
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

  /** Counts a call that was refused at once. It was never pending and has no duration. */
  refused(outcome: Outcome): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] as number) + 1;
  }

  count(outcome: Outcome): number {
    return this.#outcomes[outcome] as number;
  }

  get pending(): number {
    return this.#pending;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }
}

/** The meters of one shard. */
export class ShardMeters {
  readonly store = new OperationMeter();
  readonly load = new OperationMeter();
  readonly remove = new OperationMeter();
}

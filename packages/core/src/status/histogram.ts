/**
 * A histogram in memory that two threads may share: a slot for each upper bound, one for larger values, and one for the
 * sum. Only one thread adds. A reader may see a value in its bucket and not yet in the sum; the next read has both.
 */
export class Histogram {
  /** Ascending upper bounds, inclusive. */
  readonly bounds: readonly number[];
  readonly #slots: Float64Array;

  constructor(bounds: readonly number[], slots: Float64Array = new Float64Array(histogramSlots(bounds))) {
    this.bounds = bounds;
    this.#slots = slots;
  }

  add(value: number): void {
    const { bounds } = this;
    const slots = this.#slots;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    slots[bucket] = (slots[bucket] as number) + 1;
    const sum = bounds.length + 1;
    slots[sum] = (slots[sum] as number) + value;
  }

  /** Number of values in one bucket, by the index of its bound; `bounds.length` is the bucket of larger values. */
  count(bucket: number): number {
    return this.#slots[bucket] as number;
  }

  get sum(): number {
    return this.#slots[this.bounds.length + 1] as number;
  }
}

/** Number of float64 slots that a histogram with these bounds needs. */
export function histogramSlots(bounds: readonly number[]): number {
  return bounds.length + 2;
}

/** Seconds, from the duration of a write that stays in memory to the default `storeDeadline`. */
export const DURATION_BOUNDS_SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

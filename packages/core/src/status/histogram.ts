/**
 * How many values fell into which bucket, in memory that two threads may share: a slot for each upper bound, one for what is above
 * them all, and the sum of the values. One thread adds; a reader may see an addition half done, which the next look puts right.
 */
export class Histogram {
  /** Upper bounds, rising; a value that is equal to one is in its bucket. */
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

  /** Values in one bucket alone, by its bound's index; `bounds.length` is the bucket of what is above them all. */
  count(bucket: number): number {
    return this.#slots[bucket] as number;
  }

  get sum(): number {
    return this.#slots[this.bounds.length + 1] as number;
  }
}

/** Float64 slots that a histogram with these bounds takes up. */
export function histogramSlots(bounds: readonly number[]): number {
  return bounds.length + 2;
}

/** From a record that never leaves memory to the default `storeDeadline`, in seconds. */
export const DURATION_BOUNDS_SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

import { build } from "hdr-histogram-js";

/** In milliseconds. */
export interface LatencyFigures {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly worst: number;
}

const US_PER_MS = 1000;
/** Three figures from 1 µs to two minutes; what takes longer makes the histogram grow. */
const DIGITS = 3;
const USUAL_WORST_US = 120_000_000;

/** An HDR histogram of latencies, to the microsecond. */
export class Latency {
  readonly #histogram = build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: USUAL_WORST_US,
    numberOfSignificantValueDigits: DIGITS,
  });
  /** Exact, where the histogram rounds. */
  #worstMs = 0;

  add(ms: number): void {
    this.#histogram.recordValue(Math.max(1, Math.round(ms * US_PER_MS)));
    if (ms > this.#worstMs) this.#worstMs = ms;
  }

  /** Null where nothing was added. */
  get figures(): LatencyFigures | null {
    const histogram = this.#histogram;
    if (histogram.totalCount === 0) return null;
    const at = (percent: number): number =>
      Math.min(this.#worstMs, histogram.getValueAtPercentile(percent) / US_PER_MS);
    return {
      count: histogram.totalCount,
      mean: histogram.mean / US_PER_MS,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      p9999: at(99.99),
      worst: this.#worstMs,
    };
  }
}

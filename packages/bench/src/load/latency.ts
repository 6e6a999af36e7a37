import { createHistogram } from "node:perf_hooks";

/** In milliseconds. */
export interface LatencySummary {
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

/**
 * An HDR histogram of latencies in microseconds. Recording takes 40 ns in Node's own, 80 to 170 ns in hdr-histogram-js.
 */
export class Latency {
  readonly #histogram = createHistogram();
  /** Exact: the histogram rounds. */
  #worstMs = 0;

  add(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * US_PER_MS)));
    if (ms > this.#worstMs) this.#worstMs = ms;
  }

  /** Null if nothing was added. */
  get summary(): LatencySummary | null {
    const histogram = this.#histogram;
    if (histogram.count === 0) return null;
    const at = (percent: number): number => Math.min(this.#worstMs, histogram.percentile(percent) / US_PER_MS);
    return {
      count: histogram.count,
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

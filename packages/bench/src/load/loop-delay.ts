import { monitorEventLoopDelay } from "node:perf_hooks";

/** How late a timer of the main thread fired, in milliseconds. */
export interface LoopDelaySummary {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

const NS_PER_MS = 1e6;
const RESOLUTION_MS = 1;

/**
 * Measures the delay of this thread's event loop. Node's histogram holds the time between two firings of a 1 ms timer,
 * so 1 ms is subtracted.
 */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#histogram.enable();
  }

  reset(): void {
    this.#histogram.reset();
  }

  stop(): LoopDelaySummary {
    this.#histogram.disable();
    const ms = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
    const histogram = this.#histogram;
    return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), worst: ms(histogram.max) };
  }
}

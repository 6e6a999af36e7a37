import { monitorEventLoopDelay } from "node:perf_hooks";

/** In milliseconds: how much later than asked for a timer of the main thread fired. */
export interface LoopDelayFigures {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

const NS_PER_MS = 1e6;
const RESOLUTION_MS = 1;

/** Watches the event loop of this thread. Node's histogram holds the time between two firings, so that its own period is taken off. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#histogram.enable();
  }

  /** Forgets what was. */
  reset(): void {
    this.#histogram.reset();
  }

  stop(): LoopDelayFigures {
    this.#histogram.disable();
    const ms = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
    const histogram = this.#histogram;
    return { p50: ms(histogram.percentile(50)), p99: ms(histogram.percentile(99)), worst: ms(histogram.max) };
  }
}

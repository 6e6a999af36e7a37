import { Distribution } from "../stats/distribution.ts";
import type { Latency } from "./demo-run.ts";

const US_PER_MS = 1000;

/** Measures latencies, with a resolution of one microsecond. */
export class LatencyMeter {
  readonly #micros = new Distribution();

  async measure<T>(operation: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const result = await operation();
    this.#micros.add((performance.now() - started) * US_PER_MS);
    return result;
  }

  get latency(): Latency {
    const at = (percent: number) => this.#micros.percentile(percent) / US_PER_MS;
    return { p50: at(50), p95: at(95), p99: at(99), max: this.#micros.max / US_PER_MS };
  }
}

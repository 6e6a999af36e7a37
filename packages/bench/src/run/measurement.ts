import { Latency } from "../load/latency.ts";
import { LoopDelay } from "../load/loop-delay.ts";
import { bytesWritten, cpuSeconds, peakRssBytes } from "../load/usage.ts";
import type { RunResult } from "./run-result.ts";

/** The resident set is looked at so often; a run has at most so many figures of it, the later ones further apart. */
const RSS_EVERY_MS = 50;
const MAX_RSS_FIGURES = 240;
const MS_PER_SECOND = 1000;
const MILLION = 1e6;

/** Takes the figures of one run. Operations that end before `fromMs` warm up: with the first that ends later, the figures begin. */
export class Measurement {
  readonly #fromMs: number;
  readonly #untilMs: number;
  readonly #latency = new Latency();
  readonly #loopDelay = new LoopDelay();
  readonly #rss: number[] = [];
  readonly #writtenBefore = bytesWritten();
  readonly #rssTimer: NodeJS.Timeout;
  #rssStride = 1;
  #rssSkipped = 0;
  #began = Number.NaN;
  #cpuBefore = 0;
  #inTime = 0;
  #all = 0;
  #lastMs = 0;

  /** Moments are those of `performance.now`. An operation that ends after `untilMs` has a latency, but is not of the rate. */
  constructor(fromMs: number, untilMs: number) {
    this.#fromMs = fromMs;
    this.#untilMs = untilMs;
    this.#rssTimer = setInterval(() => this.#noteRss(), RSS_EVERY_MS);
    this.#rssTimer.unref();
  }

  /** An operation has ended; `weight` operations, where they are not timed singly. */
  done = (begunMs: number, endedMs: number, weight = 1): void => {
    if (endedMs < this.#fromMs) return;
    if (this.#all === 0) this.#begin(begunMs, endedMs);
    this.#all += weight;
    if (endedMs <= this.#untilMs) this.#inTime += weight;
    this.#lastMs = endedMs;
    this.#latency.add(endedMs - begunMs);
  };

  /** Everything has ended. `bytesStored`: by the whole run, null for none; it counts what `close` writes too. */
  async finish(bytesStored: number | null, close: () => Promise<void>, timedSingly: boolean): Promise<RunResult> {
    const cpu = cpuSeconds() - this.#cpuBefore;
    const loopDelay = this.#loopDelay.stop();
    clearInterval(this.#rssTimer);
    await close();
    const written = bytesWritten();
    if (this.#inTime === 0) throw new Error("nothing ended within the time that counts");
    const seconds = (Math.min(this.#untilMs, this.#lastMs) - this.#began) / MS_PER_SECOND;
    return {
      operations: this.#inTime,
      seconds,
      perSecond: this.#inTime / seconds,
      latency: timedSingly ? this.#latency.figures : null,
      cpuSecondsPerMillion: this.#all > 0 ? (cpu * MILLION) / this.#all : null,
      peakRssBytes: peakRssBytes(),
      rssBytes: this.#rss,
      writtenPerByte:
        bytesStored === null || written === null || this.#writtenBefore === null
          ? null
          : (written - this.#writtenBefore) / bytesStored,
      loopDelay,
    };
  }

  #begin(begunMs: number, endedMs: number): void {
    // Without a warm-up the first operation is timed whole.
    this.#began = this.#fromMs > begunMs ? Math.min(this.#fromMs, endedMs) : begunMs;
    this.#cpuBefore = cpuSeconds();
    this.#loopDelay.reset();
  }

  #noteRss(): void {
    if (++this.#rssSkipped < this.#rssStride) return;
    this.#rssSkipped = 0;
    this.#rss.push(process.memoryUsage.rss());
    if (this.#rss.length < MAX_RSS_FIGURES) return;
    // A long run: every other figure goes, and from now on half as many are taken.
    for (let at = 0; at < MAX_RSS_FIGURES / 2; at++) this.#rss[at] = this.#rss[at * 2] as number;
    this.#rss.length = MAX_RSS_FIGURES / 2;
    this.#rssStride *= 2;
  }
}

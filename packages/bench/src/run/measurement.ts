import { Latency } from "../load/latency.ts";
import { LoopDelay } from "../load/loop-delay.ts";
import { bytesWritten, cpuSeconds, peakRssBytes } from "../load/usage.ts";
import type { RunResult } from "./run-result.ts";

/**
 * The interval of the samples of the resident set. At `MAX_RSS_SAMPLES`, half of them are dropped and the interval
 * doubles.
 */
const RSS_EVERY_MS = 50;
const MAX_RSS_SAMPLES = 240;
const MS_PER_SECOND = 1000;
const MILLION = 1e6;

/** Measures one run. Operations that end before `fromMs` are the warm-up and do not count. */
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

  /** Times of `performance.now`. An operation that ends after `untilMs` counts for the latency, not for the rate. */
  constructor(fromMs: number, untilMs: number) {
    this.#fromMs = fromMs;
    this.#untilMs = untilMs;
    this.#rssTimer = setInterval(() => this.#sampleRss(), RSS_EVERY_MS);
    this.#rssTimer.unref();
  }

  /** Records the end of an operation, or of `weight` operations that are not timed one by one. */
  done = (begunMs: number, endedMs: number, weight = 1): void => {
    if (endedMs < this.#fromMs) return;
    if (this.#all === 0) this.#begin(begunMs, endedMs);
    this.#all += weight;
    if (endedMs <= this.#untilMs) this.#inTime += weight;
    this.#lastMs = endedMs;
    this.#latency.add(endedMs - begunMs);
  };

  /**
   * Called when all operations have ended. `bytesStored`: by the whole run; null for none. `close` is part of the bytes
   * written.
   */
  async finish(bytesStored: number | null, close: () => Promise<void>, timedSingly: boolean): Promise<RunResult> {
    const cpu = cpuSeconds() - this.#cpuBefore;
    const loopDelay = this.#loopDelay.stop();
    clearInterval(this.#rssTimer);
    await close();
    const written = bytesWritten();
    if (this.#inTime === 0) throw new Error("no operation ended within the measured time");
    const seconds = (Math.min(this.#untilMs, this.#lastMs) - this.#began) / MS_PER_SECOND;
    return {
      operations: this.#inTime,
      seconds,
      perSecond: this.#inTime / seconds,
      latency: timedSingly ? this.#latency.summary : null,
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
    // Without a warm-up, the measured time starts when the first operation begins.
    this.#began = this.#fromMs > begunMs ? Math.min(this.#fromMs, endedMs) : begunMs;
    this.#cpuBefore = cpuSeconds();
    this.#loopDelay.reset();
  }

  #sampleRss(): void {
    if (++this.#rssSkipped < this.#rssStride) return;
    this.#rssSkipped = 0;
    this.#rss.push(process.memoryUsage.rss());
    if (this.#rss.length < MAX_RSS_SAMPLES) return;
    // A long run: drop every other sample, and take half as many from now on.
    for (let at = 0; at < MAX_RSS_SAMPLES / 2; at++) this.#rss[at] = this.#rss[at * 2] as number;
    this.#rss.length = MAX_RSS_SAMPLES / 2;
    this.#rssStride *= 2;
  }
}

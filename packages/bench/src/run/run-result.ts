import type { LatencySummary } from "../load/latency.ts";
import type { LoopDelaySummary } from "../load/loop-delay.ts";

/** The result of a run. */
export interface RunResult {
  /** Operations in the measured time. */
  readonly operations: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Null if operations are not timed one by one. */
  readonly latency: LatencySummary | null;
  /** CPU time of all threads of the process, with the load generator; null if it is unknown. */
  readonly cpuSecondsPerMillion: number | null;
  readonly peakRssBytes: number | null;
  /** Evenly spaced samples of the resident set. */
  readonly rssBytes: readonly number[];
  /** Write amplification: bytes written to the disk, from open to close, per byte stored; null if it is unknown. */
  readonly writtenPerByte: number | null;
  /** Of the main thread, which calls the peer. */
  readonly loopDelay: LoopDelaySummary | null;
}

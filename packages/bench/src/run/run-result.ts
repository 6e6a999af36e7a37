import type { LatencyFigures } from "../load/latency.ts";
import type { LoopDelayFigures } from "../load/loop-delay.ts";

/** What a run found. */
export interface RunResult {
  /** Operations that were timed. */
  readonly operations: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Of each operation; null where single ones are not timed. */
  readonly latency: LatencyFigures | null;
  /** Of all threads of the process, the load generator's share included; null where nobody knows. */
  readonly cpuSecondsPerMillion: number | null;
  readonly peakRssBytes: number | null;
  /** The resident set over the run, evenly spaced. */
  readonly rssBytes: readonly number[];
  /** Bytes that went to the disk for each byte stored, from open to close; null where nothing is stored or nobody knows. */
  readonly writtenPerByte: number | null;
  /** Of the thread that the caller is on. */
  readonly loopDelay: LoopDelayFigures | null;
}

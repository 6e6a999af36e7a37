import type { RunResult } from "../src/run/run-result.ts";

/** The result of a run with this rate. `more`: its other fields, which are null by default. */
export function resultOf(perSecond: number, more: Partial<RunResult> = {}): RunResult {
  return {
    operations: perSecond,
    seconds: 1,
    perSecond,
    latency: null,
    cpuSecondsPerMillion: null,
    peakRssBytes: null,
    rssBytes: [],
    writtenPerByte: null,
    loopDelay: null,
    ...more,
  };
}

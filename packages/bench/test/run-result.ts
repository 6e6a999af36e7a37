import type { RunResult } from "../src/run/run-result.ts";

/** A run's figures, as tests need them: a rate, and what else they say. */
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

import type { RunResult } from "../run/run-result.ts";
import type { Runner } from "../run/runner.ts";
import { type DbBenchSpec, dbBenchArgs } from "./db-bench-spec.ts";
import { parseDbBench, parseDbBenchVersion } from "./parse-db-bench.ts";

const DB_BENCH = "db_bench";

/** Null if db_bench is not installed. */
export async function dbBenchVersion(runner: Runner): Promise<string | null> {
  try {
    return parseDbBenchVersion(await runner.program(DB_BENCH, ["--version"]));
  } catch {
    return null;
  }
}

/** Runs db_bench in `directory`. The result has its rate; the other fields are null. */
export async function runDbBench(runner: Runner, spec: DbBenchSpec, directory: string): Promise<RunResult> {
  const output = await runner.program(DB_BENCH, dbBenchArgs(spec, directory));
  const { operations, seconds, perSecond } = parseDbBench(output, spec.benchmark);
  return {
    operations,
    seconds,
    perSecond,
    latency: null,
    cpuSecondsPerMillion: null,
    peakRssBytes: null,
    rssBytes: [],
    writtenPerByte: null,
    loopDelay: null,
  };
}

import { runDbBench } from "../ceiling/run-db-bench.ts";
import type { RunResult } from "../run/run-result.ts";
import type { Runner } from "../run/runner.ts";
import type { WorkDirectory } from "../run/work-directory.ts";
import { Fixtures } from "./fixtures.ts";
import type { RateOf, Series } from "./series.ts";

export interface MeasureOptions {
  readonly series: readonly Series[];
  readonly rounds: number;
  readonly runner: Runner;
  readonly work: WorkDirectory;
  /** Checked before each run. Its owner must end the run that is in progress. */
  readonly signal: AbortSignal;
  /** Called before each run, and after the last one, with the number of runs done and the next series. */
  readonly onProgress: (done: number, next: Series | null) => void;
  /** Called for a run that failed; its result is null. */
  readonly onFailure: (series: Series, error: Error) => void;
}

/** The runs of each series, one for each round; null if the series was skipped or failed in that round. */
export type Measured = Map<string, (RunResult | null)[]>;

/** Runs all series once in each round: A B C A B C. A machine that is slow for a minute then slows down all of them. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { series, rounds, work, signal, onProgress, onFailure } = options;
  const fixtures = new Fixtures(options.runner, work);
  const measured: Measured = new Map(series.map(({ id }) => [id, []]));
  const order = runsOf(series, rounds);
  for (const [done, { round, one }] of order.entries()) {
    signal.throwIfAborted();
    onProgress(done, one);
    let result: RunResult | null = null;
    try {
      result = await runOnce(one, options, fixtures, (id) => measured.get(id)?.[round]?.perSecond ?? null);
    } catch (error) {
      // After an abort the run failed because its process was killed.
      signal.throwIfAborted();
      onFailure(one, error as Error);
    }
    measured.get(one.id)?.push(result);
    fixtures.dropUnless(order.slice(done + 1).map((later) => later.one.fixture));
  }
  onProgress(order.length, null);
  return measured;
}

/** All runs, in order. */
function runsOf(series: readonly Series[], rounds: number): { readonly round: number; readonly one: Series }[] {
  return Array.from({ length: rounds }, (_, round) =>
    series.filter((one) => round === 0 || one.rounds === "all").map((one) => ({ round, one })),
  ).flat();
}

/** The number of runs. */
export function countRuns(series: readonly Series[], rounds: number): number {
  return runsOf(series, rounds).length;
}

/** Null if the run depends on a rate that was not measured. */
async function runOnce(
  { subject, fixture }: Series,
  { runner, work }: MeasureOptions,
  fixtures: Fixtures,
  rateOf: RateOf,
): Promise<RunResult | null> {
  const directory = fixture === null ? work.make() : await fixtures.directory(fixture);
  try {
    if (subject.kind === "db_bench") return await runDbBench(runner, subject.spec, directory);
    const spec = subject.spec(rateOf);
    return spec === null ? null : await runner.run(spec, directory);
  } finally {
    if (fixture === null) work.remove(directory);
  }
}

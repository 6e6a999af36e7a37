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
  /** Aborts between two runs; whoever aborts ends the run that is under way. */
  readonly signal: AbortSignal;
  /** Told before each run, and once more when all are done: how many are, and what is next. */
  readonly onProgress: (done: number, next: Series | null) => void;
  /** A run failed, and is left out. */
  readonly onFailure: (series: Series, error: Error) => void;
}

/** The runs of each series, one a round; null where it was left out of the round. */
export type Measured = Map<string, (RunResult | null)[]>;

/** Runs all series in turn, and again in the next round: A B C A B C. So a machine that is slow for a minute is slow for all. */
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
      // What failed because its process was ended did not fail by itself.
      signal.throwIfAborted();
      onFailure(one, error as Error);
    }
    measured.get(one.id)?.push(result);
    fixtures.dropUnless(order.slice(done + 1).map((later) => later.one.fixture));
  }
  onProgress(order.length, null);
  return measured;
}

/** All runs in their order. */
function runsOf(series: readonly Series[], rounds: number): { readonly round: number; readonly one: Series }[] {
  return Array.from({ length: rounds }, (_, round) =>
    series.filter((one) => round === 0 || one.rounds === "all").map((one) => ({ round, one })),
  ).flat();
}

/** How many runs there will be. */
export function countRuns(series: readonly Series[], rounds: number): number {
  return runsOf(series, rounds).length;
}

/** Null where what it needs to know of the round was not measured. */
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

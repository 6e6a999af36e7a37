import { runDbBench } from "../ceiling/run-db-bench.ts";
import type { Children } from "../run/children.ts";
import type { RunResult } from "../run/run-result.ts";
import type { WorkDirectory } from "../run/work-directory.ts";
import { Fixtures } from "./fixtures.ts";
import type { Series } from "./series.ts";

export interface MeasureOptions {
  readonly series: readonly Series[];
  readonly rounds: number;
  readonly children: Children;
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
  const { series, rounds, children, work, signal, onProgress, onFailure } = options;
  const fixtures = new Fixtures(children, work);
  const measured: Measured = new Map(series.map(({ id }) => [id, []]));
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    const inRound = series.filter((one) => round === 0 || one.rounds === "all");
    const rateOf = (id: string): number | null => measured.get(id)?.[round]?.perSecond ?? null;
    for (const one of inRound) {
      signal.throwIfAborted();
      onProgress(done, one);
      let result: RunResult | null = null;
      try {
        result = await runOnce(one);
      } catch (error) {
        signal.throwIfAborted();
        onFailure(one, error as Error);
      }
      measured.get(one.id)?.push(result);
      done++;
      dropFixture(one, round);
    }

    async function runOnce({ subject, fixture }: Series): Promise<RunResult | null> {
      const own = fixture === null ? work.make() : null;
      const directory = own ?? (await fixtures.directory(fixture as NonNullable<typeof fixture>));
      try {
        if (subject.kind === "db_bench") return await runDbBench(children, subject.spec, directory);
        const spec = subject.spec(rateOf);
        return spec === null ? null : await children.run(spec, directory);
      } finally {
        if (own !== null) work.remove(own);
      }
    }
  }
  onProgress(done, null);
  return measured;

  /** As soon as no later run reads it: a large one would only fill the disk. */
  function dropFixture({ fixture, id }: Series, round: number): void {
    if (fixture === null) return;
    const key = JSON.stringify(fixture);
    const users = series.filter((other) => JSON.stringify(other.fixture) === key);
    const isLast = users.at(-1)?.id === id;
    const comesAgain = round + 1 < rounds && users.some((user) => user.rounds === "all");
    if (isLast && !comesAgain) fixtures.drop(fixture);
  }
}

/** How many runs there will be. */
export function countRuns(series: readonly Series[], rounds: number): number {
  return series.reduce((sum, one) => sum + (one.rounds === "all" ? rounds : 1), 0);
}

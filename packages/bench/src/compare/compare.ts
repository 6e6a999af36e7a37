import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Progress, startProgress } from "@rockspool/cli/terminal";
import { Children } from "../run/children.ts";
import { listenForInterrupts } from "../run/interrupts.ts";
import type { RunResult } from "../run/run-result.ts";
import { WorkDirectory } from "../run/work-directory.ts";
import { selectByName } from "../user-error.ts";
import { Checkout } from "./checkout.ts";
import type { CompareOptions } from "./compare-options.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { COMPARE_FULL, COMPARE_QUICK, type CompareEffort, type Scenario, scenarios } from "./scenarios.ts";

/** One of two builds of rockspool. */
interface Side {
  /** The URL of its module; null for this tree. */
  readonly url: string | null;
  /** The directory with the messages that it stored before; null if no scenario reads them. */
  readonly fixture: string | null;
}

export interface Comparison {
  readonly commit: string;
  readonly effort: CompareEffort;
  readonly differences: readonly Difference[];
}

/**
 * Runs the commit `ref` and this tree in turn, with the load generator of this tree. The order changes in each round.
 */
export async function compare(options: CompareOptions, root: string): Promise<Comparison> {
  const effort = options.quick ? COMPARE_QUICK : COMPARE_FULL;
  const chosen = selectByName(scenarios(effort), options.only, ({ title }) => title);
  const children = new Children();
  const signal = listenForInterrupts(children);
  const work = new WorkDirectory(options.directory ?? tmpdir());
  const checkout = new Checkout(root, join(work.path, "checkout"));
  try {
    console.error(`building ${options.ref}`);
    const commit = await checkout.build(children, options.ref);
    const needsFixture = chosen.find(({ fixture }) => fixture);
    const side = async (url: string | null): Promise<Side> => {
      const fixture = needsFixture === undefined ? null : await makeFixture(children, work, needsFixture, url);
      return { url, fixture };
    };
    const sides = [await side(checkout.rockspoolUrl), await side(null)] as const;
    const total = chosen.length * effort.rounds * sides.length;
    const progress = startProgress(process.stderr, { title: "", total, unit: "runs", announce: true });
    try {
      const runs = new PairedRuns(children, work, signal, progress);
      const differences: Difference[] = [];
      for (const scenario of chosen) {
        const [before, after] = await runs.pairs(scenario, sides, effort.rounds);
        differences.push(...differencesOf(scenario.title, before, after));
      }
      return { commit, effort, differences };
    } finally {
      progress.stop();
    }
  } catch (error) {
    // After an abort a run failed because its process was killed.
    signal.throwIfAborted();
    throw error;
  } finally {
    await children.end();
    checkout.remove();
    work.remove();
  }
}

async function makeFixture(
  children: Children,
  work: WorkDirectory,
  { spec }: Scenario,
  url: string | null,
): Promise<string> {
  const directory = work.make();
  await children.run({ ...spec, workload: "populate", seconds: null, warmupSeconds: 0, rockspoolUrl: url }, directory);
  return directory;
}

class PairedRuns {
  readonly #children: Children;
  readonly #work: WorkDirectory;
  readonly #signal: AbortSignal;
  readonly #progress: Progress;
  #done = 0;

  constructor(children: Children, work: WorkDirectory, signal: AbortSignal, progress: Progress) {
    this.#children = children;
    this.#work = work;
    this.#signal = signal;
    this.#progress = progress;
  }

  /** The runs of each side, in the order A B, B A, A B …: each side runs after the other equally often. */
  async pairs(scenario: Scenario, sides: readonly [Side, Side], rounds: number): Promise<[RunResult[], RunResult[]]> {
    const results: [RunResult[], RunResult[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      for (const at of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        this.#signal.throwIfAborted();
        this.#progress.set(this.#done++, scenario.title);
        results[at].push(await this.#run(scenario, sides[at]));
      }
    }
    return results;
  }

  async #run({ spec, fixture }: Scenario, side: Side): Promise<RunResult> {
    const own = fixture ? null : this.#work.make();
    try {
      const directory = own ?? (side.fixture as string);
      return (await this.#children.run({ ...spec, rockspoolUrl: side.url }, directory)) as RunResult;
    } finally {
      if (own !== null) this.#work.remove(own);
    }
  }
}

import { runDbBench } from "../ceiling/run-db-bench.ts";
import { DEFAULT_SPEC } from "../run/run-spec.ts";
import type { Runner } from "../run/runner.ts";
import type { WorkDirectory } from "../run/work-directory.ts";
import type { Fixture } from "./series.ts";

/** Databases that are filled once and read by many runs. */
export class Fixtures {
  readonly #runner: Runner;
  readonly #work: WorkDirectory;
  readonly #directories = new Map<string, string>();

  constructor(runner: Runner, work: WorkDirectory) {
    this.#runner = runner;
    this.#work = work;
  }

  /** The directory of a fixture, which is made at the first call. Rejects if that fails; the next call tries again. */
  async directory(fixture: Fixture): Promise<string> {
    const key = JSON.stringify(fixture);
    const known = this.#directories.get(key);
    if (known !== undefined) return known;
    const directory = this.#work.make();
    try {
      await this.#make(fixture, directory);
    } catch (error) {
      this.#work.remove(directory);
      throw error;
    }
    this.#directories.set(key, directory);
    return directory;
  }

  /** Removes the directories of all fixtures but those that later runs need. */
  dropUnless(needed: readonly (Fixture | null)[]): void {
    const keys = new Set(needed.map((fixture) => JSON.stringify(fixture)));
    for (const [key, directory] of this.#directories) {
      if (keys.has(key)) continue;
      this.#directories.delete(key);
      this.#work.remove(directory);
    }
  }

  async #make(fixture: Fixture, directory: string): Promise<void> {
    const { messages } = fixture;
    if (fixture.of === "db_bench") {
      const spec = {
        benchmark: "filluniquerandom",
        threads: 1,
        batch: 128,
        seconds: 0,
        messages,
        valueBytes: 1024,
      } as const;
      await runDbBench(this.#runner, spec, directory);
      return;
    }
    const { of: peer, shards, settled } = fixture;
    const workload = settled ? "populate" : "fill";
    await this.#runner.run(
      { ...DEFAULT_SPEC, peer, workload, shards, messages, seconds: null, warmupSeconds: 0 },
      directory,
    );
  }
}

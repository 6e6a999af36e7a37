import type { RunResult } from "./run-result.ts";
import type { RunSpec } from "./run-spec.ts";

/** Runs each measurement in its own process. */
export interface Runner {
  /**
   * `directory`: that of the run or of its fixture. Resolves to null for a check that passed. Rejects with the error of
   * the run.
   */
  run(spec: RunSpec, directory: string): Promise<RunResult | null>;
  /** Resolves to the stdout of the program. Rejects unless its exit code is 0. */
  program(command: string, args: readonly string[], cwd?: string): Promise<string>;
}

import type { RunResult } from "./run-result.ts";
import type { RunSpec } from "./run-spec.ts";

/** Runs what is measured, each run in a process of its own. */
export interface Runner {
  /** `directory` is the run's own, or its fixture's. Null for a check that went well. Rejects with what the run failed with. */
  run(spec: RunSpec, directory: string): Promise<RunResult | null>;
  /** Resolves to what the program printed to stdout. Rejects unless it ends with exit code 0. */
  program(command: string, args: readonly string[], cwd?: string): Promise<string>;
}

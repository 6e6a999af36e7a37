import type { RunResult } from "./run-result.ts";
import type { RunSpec } from "./run-spec.ts";

/** What a run's process is told. */
export interface ChildRequest {
  readonly spec: RunSpec;
  readonly directory: string;
}

/** What it answers: what it found (null for a check that went well), or what went wrong. */
export type ChildResponse = { readonly result: RunResult | null } | { readonly error: string };

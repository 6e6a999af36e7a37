import type { RunResult } from "./run-result.ts";
import type { RunSpec } from "./run-spec.ts";

/** The request to the process of a run. */
export interface ChildRequest {
  readonly spec: RunSpec;
  readonly directory: string;
}

/** Its answer: the result (null for a check that passed), or the error. */
export type ChildResponse = { readonly result: RunResult | null } | { readonly error: string };

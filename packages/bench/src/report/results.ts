import type { Machine } from "../machine/machine.ts";
import type { GoalResult } from "../plan/evaluate.ts";
import type { Section } from "../plan/series.ts";
import type { RunResult } from "../run/run-result.ts";

/** The contents of results.json, of which the other reports are made. */
export interface Results {
  readonly format: 1;
  readonly mode: string;
  readonly rounds: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** Of rockspool; null if it is unknown. */
  readonly commit: string | null;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly goals: readonly GoalResult[];
  readonly series: readonly SeriesResult[];
  /** What was not measured or failed, and why. */
  readonly leftOut: readonly LeftOut[];
}

export interface SeriesResult {
  readonly id: string;
  readonly section: Section;
  readonly title: string;
  /** The peer, or `db_bench`. */
  readonly subject: string;
  /** The runs that succeeded, at most one per round. */
  readonly runs: readonly RunResult[];
}

export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

import { median } from "simple-statistics";
import type { RunResult } from "../run/run-result.ts";
import type { Goal, Round } from "./goals.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** The runs of each series, by its id: one for each round, null if it was not measured in that round or failed. */
export type RunsById = ReadonlyMap<string, readonly (RunResult | null)[]>;

/** A goal and its result. */
export interface GoalResult {
  readonly title: string;
  readonly unit: Goal["unit"];
  readonly direction: Goal["direction"];
  readonly bound: number;
  /** Over the rounds; null if it was not measured. */
  readonly spread: Spread | null;
  /** Whether the median reaches the bound; null if it was not measured. */
  readonly met: boolean | null;
  /** The best rival, with which it was compared; null for a goal without rivals. */
  readonly against: string | null;
  /** Rivals that were not measured. A better one among them could change the verdict. */
  readonly absent: readonly string[];
}

/** Computes each goal in each round, from runs of that round, and takes the median of the rounds. */
export function evaluate(goals: readonly Goal[], runs: RunsById, rounds: number): GoalResult[] {
  return goals.map((goal) => {
    const { title, unit, direction, bound, rivals = [] } = goal;
    const values = Array.from({ length: rounds }, (_, at) => goal.value(roundOf(runs, at))).filter(
      (value) => value !== null,
    );
    const spread = spreadOf(values);
    const met = spread === null ? null : direction === "at least" ? spread.median >= bound : spread.median <= bound;
    const against = roundOf(runs, 0).best(rivals);
    const absent = rivals.filter((id) => medianRate(runs, id) === 0);
    return { title, unit, direction, bound, spread, met, against, absent };
  });
}

function roundOf(runs: RunsById, at: number): Round {
  const result = (id: string): RunResult | null => runs.get(id)?.[at] ?? null;
  return {
    result,
    rate: (id) => result(id)?.perSecond ?? null,
    best: (ids) => {
      const measured = ids.map((id) => ({ id, rate: medianRate(runs, id) })).filter(({ rate }) => rate > 0);
      return measured.sort((a, b) => b.rate - a.rate)[0]?.id ?? null;
    },
  };
}

/** 0 if it was never measured. */
function medianRate(runs: RunsById, id: string): number {
  const rates = (runs.get(id) ?? []).filter((run) => run !== null).map(({ perSecond }) => perSecond);
  return rates.length === 0 ? 0 : median(rates);
}

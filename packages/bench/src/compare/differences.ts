import { median, permutationTest } from "simple-statistics";
import type { RunResult } from "../run/run-result.ts";
import { ranksOf } from "./ranks.ts";

/** A figure that is compared. */
interface Figure {
  readonly name: string;
  readonly more: "better" | "worse";
  readonly of: (run: RunResult) => number | null;
}

const FIGURES: readonly Figure[] = [
  { name: "a second", more: "better", of: ({ perSecond }) => perSecond },
  { name: "p99 ms", more: "worse", of: ({ latency }) => latency?.p99 ?? null },
  { name: "CPU s / million", more: "worse", of: ({ cpuSecondsPerMillion }) => cpuSecondsPerMillion },
];

/** Two samples as far apart as these come from one source less often than that: with 7 runs a side it takes a clear difference. */
const SIGNIFICANT = 0.01;
const PERMUTATIONS = 10_000;

/** One figure of one scenario, before and after. */
export interface Difference {
  readonly scenario: string;
  readonly figure: string;
  /** Medians. */
  readonly before: number;
  readonly after: number;
  /** Of the median, as a share of `before`: 0.1 is a tenth more. */
  readonly change: number;
  /** How often chance alone would make such a difference. */
  readonly probability: number;
  readonly verdict: "better" | "worse" | "within the noise";
}

/** What differs between the runs of two sides. A figure that not every run has is left out. */
export function differencesOf(
  scenario: string,
  before: readonly RunResult[],
  after: readonly RunResult[],
  random: () => number = Math.random,
): Difference[] {
  return FIGURES.flatMap(({ name, more, of }) => {
    const [a, b] = [before.map(of), after.map(of)];
    if (!allThere(a) || !allThere(b)) return [];
    const medians = { before: median(a), after: median(b) };
    // By ranks, as Mann and Whitney do: one run that something else slowed down is one rank, however slow it was.
    const ranks = ranksOf([...a, ...b]);
    const probability = permutationTest(
      ranks.slice(0, a.length),
      ranks.slice(a.length),
      "two_side",
      PERMUTATIONS,
      random,
    );
    const rose = medians.after > medians.before;
    const clear = probability < SIGNIFICANT && medians.after !== medians.before;
    const verdict = !clear ? "within the noise" : rose === (more === "better") ? "better" : "worse";
    const change = medians.before === 0 ? 0 : medians.after / medians.before - 1;
    return [{ scenario, figure: name, ...medians, change, probability, verdict }];
  });
}

function allThere(values: (number | null)[]): values is number[] {
  return values.length > 0 && values.every((value) => value !== null);
}

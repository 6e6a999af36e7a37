import { median, permutationTest } from "simple-statistics";
import type { RunResult } from "../run/run-result.ts";
import { ranksOf } from "./ranks.ts";

/** A metric that is compared. */
interface Metric {
  readonly name: string;
  /** What a larger value is. */
  readonly larger: "better" | "worse";
  readonly of: (run: RunResult) => number | null;
}

const METRICS: readonly Metric[] = [
  { name: "per second", larger: "better", of: ({ perSecond }) => perSecond },
  { name: "p99 ms", larger: "worse", of: ({ latency }) => latency?.p99 ?? null },
  { name: "CPU s / million", larger: "worse", of: ({ cpuSecondsPerMillion }) => cpuSecondsPerMillion },
];

/** The significance level: a difference counts if chance alone makes one as large less often than this. */
const SIGNIFICANCE = 0.01;
const PERMUTATIONS = 10_000;

/** One metric of one scenario, before and after. */
export interface Difference {
  readonly scenario: string;
  readonly metric: string;
  /** Medians. */
  readonly before: number;
  readonly after: number;
  /** The relative change of the median: 0.1 is 10 % more. */
  readonly change: number;
  /** The p-value: how often chance alone makes a difference this large. */
  readonly probability: number;
  readonly verdict: "better" | "worse" | "within the noise";
}

/** Compares the runs of two sides. A metric that a run lacks is left out. */
export function differencesOf(
  scenario: string,
  before: readonly RunResult[],
  after: readonly RunResult[],
  random: () => number = Math.random,
): Difference[] {
  return METRICS.flatMap(({ name, larger, of }) => {
    const [a, b] = [before.map(of), after.map(of)];
    if (!areNumbers(a) || !areNumbers(b)) return [];
    const medians = { before: median(a), after: median(b) };
    // On ranks, as the Mann-Whitney test: a run that something else slowed down counts as one rank, however slow it
    // was.
    const ranks = ranksOf([...a, ...b]);
    const probability = permutationTest(
      ranks.slice(0, a.length),
      ranks.slice(a.length),
      "two_side",
      PERMUTATIONS,
      random,
    );
    const rose = medians.after > medians.before;
    const clear = probability < SIGNIFICANCE && medians.after !== medians.before;
    const verdict = !clear ? "within the noise" : rose === (larger === "better") ? "better" : "worse";
    const change = medians.before === 0 ? 0 : medians.after / medians.before - 1;
    return [{ scenario, metric: name, ...medians, change, probability, verdict }];
  });
}

function areNumbers(values: (number | null)[]): values is number[] {
  return values.length > 0 && values.every((value) => value !== null);
}

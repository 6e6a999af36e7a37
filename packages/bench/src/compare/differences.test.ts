import { describe, expect, it } from "vitest";
import { resultOf } from "../../test/run-result.ts";
import { differencesOf } from "./differences.ts";
import { ranksOf } from "./ranks.ts";

/** A seeded generator (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const latency = { count: 1, mean: 1, p50: 1, p90: 1, p99: 1, p999: 1, p9999: 1, worst: 1 };

function runs(rates: readonly number[], p99 = 5) {
  return rates.map((rate) => resultOf(rate, { latency: { ...latency, p99 }, cpuSecondsPerMillion: 1e6 / rate }));
}

const STEADY = [100, 101, 99, 102, 98, 100.5, 99.5];

describe("differencesOf", () => {
  it("finds a change that is larger than the noise, and whether it is better", () => {
    const faster = STEADY.map((rate) => rate * 1.1);
    const [rate, , cpu] = differencesOf("store", runs(STEADY), runs(faster), seeded(1));
    expect(rate).toMatchObject({ scenario: "store", metric: "per second", before: 100, verdict: "better" });
    expect(rate?.change).toBeCloseTo(0.1, 5);
    expect(cpu).toMatchObject({ metric: "CPU s / million", verdict: "better" });
    const back = differencesOf("store", runs(faster), runs(STEADY), seeded(1));
    expect(back.map(({ verdict }) => verdict)).toEqual(["worse", "within the noise", "worse"]);
  });

  it("finds no difference between the same samples in another order", () => {
    const all = differencesOf("store", runs(STEADY), runs([...STEADY].reverse()), seeded(2));
    expect(all.map(({ verdict }) => verdict)).toEqual(["within the noise", "within the noise", "within the noise"]);
  });

  it("finds no difference because of one slow run", () => {
    const [rate] = differencesOf("store", runs(STEADY), runs([...STEADY.slice(1), 1]), seeded(3));
    expect(rate?.verdict).toBe("within the noise");
  });

  it("finds no difference in runs that are too few to show one", () => {
    const [rate] = differencesOf("store", runs([100, 101]), runs([200, 201]), seeded(4));
    expect(rate?.verdict).toBe("within the noise");
  });

  it("compares only metrics that all runs have", () => {
    const without = STEADY.map((rate) => resultOf(rate));
    expect(differencesOf("enumeration", without, without, seeded(5)).map(({ metric }) => metric)).toEqual([
      "per second",
    ]);
  });
});

describe("ranksOf", () => {
  it("counts from the smallest, and gives equal values the mean of their ranks", () => {
    expect(ranksOf([30, 10, 20, 20])).toEqual([4, 1, 2.5, 2.5]);
  });
});

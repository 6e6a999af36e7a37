import { describe, expect, it } from "vitest";
import { resultOf } from "../../test/run-result.ts";
import type { RunResult } from "../run/run-result.ts";
import { evaluate, type GoalResult } from "./evaluate.ts";
import { GOALS } from "./goals.ts";
import { ids } from "./series-ids.ts";

const latency = { count: 1, mean: 1, p50: 1, p90: 1, p99: 1, p999: 1, p9999: 1, worst: 1 };
const loopDelay = { p50: 0, p99: 1, worst: 1 };

/** The result of the goal whose title starts with `title`, from the runs of each series. */
function goal(title: string, runs: Record<string, (RunResult | number | null)[]>, rounds: number): GoalResult {
  const byId = new Map(
    Object.entries(runs).map(([id, all]) => [id, all.map((run) => (typeof run === "number" ? resultOf(run) : run))]),
  );
  return evaluate(GOALS, byId, rounds).find((one) => one.title.startsWith(title)) as GoalResult;
}

const ceiling = ids.fillRandom(128, 1);
const full = ids.store("rockspool", 2048);

describe("evaluate", () => {
  it("is the median of ratios of the same round, not the ratio of medians", () => {
    const found = goal(
      "stores, 2,048 in flight ÷ fillrandom, 128",
      { [full]: [100, 10, 90], [ceiling]: [100, 5, 180] },
      3,
    );
    expect(found.spread).toEqual({ median: 1, least: 0.5, most: 2, count: 3 });
    expect(found.met).toBe(true);
  });

  it("is met at the bound and missed below it", () => {
    const met = (rate: number) =>
      goal("stores, 2,048 in flight ÷ fillrandom, 128", { [full]: [rate], [ceiling]: [100] }, 1).met;
    expect([met(100), met(99.9)]).toEqual([true, false]);
  });

  it("leaves out rounds without the runs it needs, and is not measured if there is no other", () => {
    const part = goal(
      "stores, 2,048 in flight ÷ fillrandom, 128",
      { [full]: [50, null, 80], [ceiling]: [100, 100, null] },
      3,
    );
    expect(part.spread).toEqual({ median: 0.5, least: 0.5, most: 0.5, count: 1 });
    const none = goal("stores, 2,048 in flight ÷ fillrandom, 128", { [full]: [50] }, 1);
    expect(none).toMatchObject({ spread: null, met: null });
  });

  it("compares with the best number of threads of the round", () => {
    const runs = {
      [full]: [170, 170],
      [ids.fillRandom(1, 1)]: [80, 100],
      [ids.fillRandom(1, 4)]: [100, 50],
      [ids.fillRandom(1, 8)]: [20, null],
    };
    expect(goal("stores, 2,048 in flight ÷ fillrandom, one", runs, 2).spread).toMatchObject({ least: 1.7, most: 1.7 });
  });

  it("compares with the peer that is best over all rounds, in each round", () => {
    const runs = {
      [ids.store("rockspool", 512)]: [200, 200, 200],
      [ids.store("lmdb", 512)]: [100, 100, 40],
      [ids.store("classic-level", 512)]: [50, 50, 90],
    };
    const found = goal("stores ÷ best Node peer", runs, 3);
    expect(found.spread).toEqual({ median: 2, least: 2, most: 5, count: 3 });
    expect([found.met, found.against]).toEqual([true, ids.store("lmdb", 512)]);
    const absent = ["rocksdb-native", "better-sqlite3", "file a message"] as const;
    expect(found.absent, "rivals that were not measured").toEqual(absent.map((peer) => ids.store(peer, 512)));
  });

  it("reads milliseconds of latency and event-loop delay, where less is better", () => {
    const runs = {
      [full]: [
        resultOf(1, { loopDelay: { ...loopDelay, p99: 4 } }),
        resultOf(1, { loopDelay: { ...loopDelay, p99: 7 } }),
      ],
      [ids.steady]: [resultOf(1, { latency: { ...latency, p999: 21 } })],
      [ids.smallBuffers]: [resultOf(1, { latency: { ...latency, worst: 60 } })],
    };
    expect(goal("event-loop delay", runs, 2)).toMatchObject({ spread: { median: 5.5 }, met: false });
    expect(goal("store, p99.9", runs, 1)).toMatchObject({ spread: { median: 21 }, met: false });
    expect(goal("worst store", runs, 1)).toMatchObject({ spread: { median: 60 }, met: true });
  });

  it("compares the last quarter of memory samples with the second", () => {
    const course = (late: number) => [10, 40, 100, 100, 100, 100, late, late];
    const grown = (late: number) =>
      goal("resident memory", { [ids.churn]: [resultOf(1, { rssBytes: course(late) })] }, 1);
    expect(grown(105)).toMatchObject({ spread: { median: 1.05 }, met: true });
    expect(grown(120)).toMatchObject({ spread: { median: 1.2 }, met: false });
    expect(goal("resident memory", { [ids.churn]: [resultOf(1, { rssBytes: [1, 2, 3] })] }, 1).met).toBeNull();
  });
});

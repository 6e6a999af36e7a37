import { describe, expect, it } from "vitest";
import { resultOf } from "../../test/run-result.ts";
import { PEER_NAMES } from "../peers/peer-names.ts";
import type { RunResult } from "../run/run-result.ts";
import { FULL, QUICK, withLarge } from "./effort.ts";
import { evaluate } from "./evaluate.ts";
import { GOALS } from "./goals.ts";
import { countRuns } from "./measure.ts";
import { plan } from "./plan.ts";
import { IN_FLIGHT, ids } from "./series-ids.ts";

const RESULT: RunResult = resultOf(1000, {
  latency: { count: 1, mean: 1, p50: 1, p90: 1, p99: 1, p999: 1, p9999: 1, worst: 1 },
  loopDelay: { p50: 0, p99: 1, worst: 1 },
  rssBytes: [1, 1, 1, 1, 1, 1, 1, 1],
});

describe.each([QUICK, FULL, withLarge(FULL)])("the $name plan", (effort) => {
  const series = plan(effort);

  it("has a unique id for each series", () => {
    const names = series.map(({ id }) => id);
    expect(new Set(names).size).toBe(names.length);
  });

  it("measures what every goal needs, in every round; memory once", () => {
    const measured = new Map(
      series.map(({ id, rounds }) => [id, new Array(rounds === "all" ? effort.rounds : 1).fill(RESULT)]),
    );
    for (const { title, spread } of evaluate(GOALS, measured, effort.rounds)) {
      expect([title, spread?.count]).toEqual([title, title.startsWith("resident memory") ? 1 : effort.rounds]);
    }
  });

  it("runs the open loop at half the rate of the closed loop, or not at all if that rate is unknown", () => {
    const steady = series.find(({ id }) => id === ids.steady);
    if (steady?.subject.kind !== "peer") throw new Error("not the series of a peer");
    expect(steady.subject.spec(() => 9001)?.arrival).toEqual({ kind: "open", ratePerSecond: 4501 });
    expect(steady.subject.spec(() => null)).toBeNull();
    const names = series.map(({ id }) => id);
    expect(names.indexOf(ids.steady)).toBeGreaterThan(names.indexOf(ids.store("rockspool", 2048)));
  });
});

describe("the full plan", () => {
  const names = new Set(plan(FULL).map(({ id }) => id));

  it("has at least five rounds, and each peer with each number in flight", () => {
    expect(FULL.rounds).toBeGreaterThanOrEqual(5);
    for (const peer of PEER_NAMES) {
      for (const inFlight of IN_FLIGHT) expect(names).toContain(ids.store(peer, inFlight));
      expect(names).toContain(ids.load(peer));
      expect(names).toContain(ids.enumerate(peer));
    }
  });

  it("has few enough runs for about ten minutes", () => {
    expect(countRuns(plan(FULL), FULL.rounds)).toBeLessThan(300);
    expect(countRuns(plan(QUICK), QUICK.rounds)).toBeLessThan(60);
  });
});

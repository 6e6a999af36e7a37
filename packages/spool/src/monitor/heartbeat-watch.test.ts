import { describe, expect, it } from "vitest";
import { HeartbeatWatch } from "./heartbeat-watch.ts";

const START_MS = 1_000_000;

/** Runs ticks at an interval, each with the heartbeat given, and returns what they detect. */
function ticks(watch: HeartbeatWatch, intervalMs: number, beats: readonly number[], isServed = true) {
  return beats.map((beat, i) => watch.tick(beat, isServed, START_MS + (i + 1) * intervalMs));
}

describe("a heartbeat watch", () => {
  it("detects nothing while the heartbeat changes, even if it wraps", () => {
    const beats = [0, 1, 2, 2 ** 31 - 1, -(2 ** 31), -1, 0];
    expect(ticks(new HeartbeatWatch(START_MS), 5000, beats)).toEqual(beats.map(() => null));
  });

  it("detects a hang at the third tick without a beat, and tells how long it lasts", () => {
    expect(ticks(new HeartbeatWatch(START_MS), 5000, [7, 7, 7, 7, 7])).toEqual([null, null, null, 15_000, 20_000]);
  });

  it("waits for two seconds where ticks are shorter", () => {
    const found = ticks(new HeartbeatWatch(START_MS), 100, Array(23).fill(7));
    expect(found.findIndex((silentMs) => silentMs !== null)).toBe(20);
    expect(found.slice(20)).toEqual([2000, 2100, 2200]);
  });

  it("counts again from the next beat", () => {
    const found = ticks(new HeartbeatWatch(START_MS), 5000, [7, 7, 7, 8, 8, 8, 8]);
    expect(found).toEqual([null, null, null, null, null, null, 15_000]);
  });

  it("detects nothing while no thread serves the shard, and counts from the start of the next one", () => {
    const watch = new HeartbeatWatch(START_MS);
    expect(ticks(watch, 5000, [7, 7, 7, 7, 7, 7], false)).toEqual(Array(6).fill(null));
    const servedAgain = [1, 2, 3].map((i) => watch.tick(7, true, START_MS + 30_000 + i * 5000));
    expect(servedAgain).toEqual([null, null, 15_000]);
  });
});

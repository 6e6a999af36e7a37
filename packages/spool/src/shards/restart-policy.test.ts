import { SpoolEngineError, SpoolLockedError, SpoolShardLostError } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { RestartPolicy } from "./restart-policy.ts";

const QUIET_MS = 60_000;
const LOCKED = new SpoolLockedError("/spool/shard-000");
const LOST = new SpoolShardLostError(0);
const ENGINE = new SpoolEngineError("a table is broken", { kind: "corruption", path: "/spool/shard-000" });

function times<T>(count: number, call: () => T): T[] {
  return Array.from({ length: count }, call);
}

/** A shard that was opened, and whose thread has died once. */
function afterDeath(): RestartPolicy {
  const policy = new RestartPolicy();
  policy.opened(0);
  policy.died(0);
  return policy;
}

describe("the pause before a restart", () => {
  it("doubles from death to death, up to 30 s", () => {
    const policy = new RestartPolicy();
    const pauses = times(11, () => {
      policy.opened(0);
      return policy.died(QUIET_MS);
    });
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(policy.restarts).toBe(11);
  });

  it("doubles from attempt to attempt too", () => {
    const policy = afterDeath();
    expect(times(3, () => policy.failed(LOST))).toEqual([200, 400, 800]);
    policy.opened(0);
    expect(policy.died(0)).toBe(1600);
    expect(policy.restarts, "attempts do not count").toBe(2);
  });

  it.each([
    { servedMs: QUIET_MS, pauseMs: 200 },
    { servedMs: QUIET_MS + 1, pauseMs: 100 },
  ])("is $pauseMs ms for a thread that served for $servedMs ms", ({ servedMs, pauseMs }) => {
    const policy = afterDeath();
    policy.opened(1_000_000);
    expect(policy.died(1_000_000 + servedMs)).toBe(pauseMs);
  });
});

describe("a failed attempt", () => {
  it.each([
    ["a lock", LOCKED],
    ["a dead thread", LOST],
    ["an engine's error", ENGINE],
  ])("is the last one before any thread has served the shard: %s", (_what, error) => {
    expect(new RestartPolicy().failed(error)).toBeNull();
  });

  it("is the last one if the engine refuses to open", () => {
    expect(afterDeath().failed(ENGINE)).toBeNull();
    expect(afterDeath().failed(new Error("the module is missing"))).toBeNull();
  });

  it("is repeated without limit while new threads die", () => {
    const policy = afterDeath();
    expect(times(100, () => policy.failed(LOST)).at(-1)).toBe(30_000);
  });

  it("is repeated nine times while RocksDB's lock is held", () => {
    const policy = afterDeath();
    expect(times(9, () => policy.failed(LOCKED))).not.toContain(null);
    expect(policy.failed(LOCKED)).toBeNull();
  });

  it("counts the attempts on a held lock anew after the shard was opened", () => {
    const policy = afterDeath();
    for (let round = 0; round < 3; round++) {
      expect(times(9, () => policy.failed(LOCKED))).not.toContain(null);
      policy.opened(0);
      policy.died(0);
    }
  });
});

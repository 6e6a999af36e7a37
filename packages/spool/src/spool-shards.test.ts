import { join } from "node:path";
import { SpoolEngineError, type SpoolOptions, shardOf } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { DATA, drain, idOn, makeDirectory, openObserved, SHARDS, storeInto } from "../test/observed-spool.ts";

describe("a spool of which one shard cannot be opened", () => {
  async function openHalf(options: Partial<SpoolOptions> = {}) {
    const path = await makeDirectory();
    const ids = [idOn(0), idOn(1)] as const;
    await storeInto(path, ids);
    const { spool } = await openObserved({
      ...options,
      path,
      prepare: (faults) => faults.shard(1).fail("open", { kind: "corruption", message: "shard 1 is broken" }),
    });
    return { spool, ids, path };
  }

  it("serves the other, and reports why and since when this one is down", async () => {
    const { spool, ids, path } = await openHalf();
    expect(await spool.load(ids[0])).toEqual(DATA);
    expect(await spool.store(idOn(0), DATA)).toBe("written");
    expect(spool.health()).toMatchObject([
      { state: "open", latched: false, reason: null },
      { index: 1, state: "down", latched: true, reason: "shard 1 is broken", since: expect.any(Date), restarts: 0 },
    ]);
    expect(spool.health()[1]?.path).toBe(join(path, "shard-001"));
  });

  it("refuses its writes as unhealthy, and rejects its loads with the reason", async () => {
    const { spool, ids } = await openHalf();
    const unhealthy = { code: "SPOOL_UNHEALTHY", outcome: "not-written" };
    await expect(spool.store(ids[1], DATA)).rejects.toMatchObject(unhealthy);
    await expect(spool.remove(ids[1])).rejects.toMatchObject(unhealthy);
    const reason = { code: "SPOOL_ENGINE", kind: "corruption", message: "shard 1 is broken" };
    await expect(spool.load(ids[1])).rejects.toMatchObject(reason);
  });

  it("makes no new id of that shard", async () => {
    const { spool } = await openHalf();
    const shards = Array.from({ length: 200 }, () => shardOf(spool.newId().bytes, SHARDS));
    expect(new Set(shards)).toEqual(new Set([0]));
  });

  it("finishes an operation on all shards on the other, then names this one in the error", async () => {
    const { spool, ids } = await openHalf();
    const named = { shards: [1], kind: "corruption", cause: { message: "shard 1 is broken" } };
    await expect(spool.compact()).rejects.toMatchObject({ code: "SPOOL_ENGINE", ...named });
    await expect(spool.adviseLowMemory()).rejects.toMatchObject(named);
    const { ids: found, error } = await drain(spool.enumerate({ createdBefore: new Date(Date.now() + 1000) }));
    expect([found, error]).toMatchObject([[String(ids[0])], named]);
    await spool.cleanup();
  });

  it.each([
    ["any", "the spool is not accepting writes"],
    ["all", null],
    [undefined, null],
  ] as const)("reports as unhealthyReason with shedWhen %s: %j", async (shedWhen, reason) => {
    const { spool } = await openHalf({ shedWhen });
    expect(spool.unhealthyReason()).toBe(reason);
  });
});

describe("unhealthyReason", () => {
  const SHEDS = "the spool is not accepting writes";

  it.each([
    ["any", [null, SHEDS, SHEDS]],
    ["all", [null, null, SHEDS]],
  ] as const)("with shedWhen %s and none, one and two latched shards: %j", async (shedWhen, reasons) => {
    const { spool } = await openObserved({ shedWhen });
    const said = [spool.unhealthyReason()];
    for (const shard of [1, 0]) {
      await spool.latch(shard, "maintenance");
      said.push(spool.unhealthyReason());
    }
    expect(said).toEqual(reasons);
  });

  it("with every shard latched: new ids are of all shards, and every store is refused", async () => {
    const { spool } = await openObserved();
    for (const shard of [0, 1]) await spool.latch(shard, "maintenance");
    const shards = new Set(Array.from({ length: 100 }, () => shardOf(spool.newId().bytes, SHARDS)));
    expect(shards).toEqual(new Set([0, 1]));
    await expect(spool.store(spool.newId(), DATA)).rejects.toMatchObject({ code: "SPOOL_UNHEALTHY" });
  });

  it("latch rejects with a config error if there is no such shard", async () => {
    const { spool } = await openObserved();
    for (const shard of [-1, SHARDS, 0.5]) {
      await expect(spool.latch(shard, "maintenance")).rejects.toMatchObject({ code: "SPOOL_CONFIG", field: "shard" });
    }
    expect(spool.health().map(({ latched }) => latched)).toEqual([false, false]);
  });
});

describe("an operation on all shards that fails", () => {
  it("in one names it, with the shard's error as its cause", async () => {
    const { spool, faults, path } = await openObserved();
    faults.shard(1).fail("compact", { kind: "io", message: "shard 1 is broken" });
    const error = await spool.compact().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SpoolEngineError);
    const failed = join(path, "shard-001");
    expect(error).toMatchObject({
      message: `compaction failed in shard 1 (${failed}): shard 1 is broken`,
      shards: [1],
      kind: "io",
      path: failed,
      cause: { code: "SPOOL_ENGINE", message: "shard 1 is broken" },
    });
    expect(
      spool.health().map(({ latched }) => latched),
      "an I/O error latches its shard",
    ).toEqual([false, true]);
  });

  it("in several names them all, with an AggregateError as its cause", async () => {
    const { spool, faults } = await openObserved();
    faults.shard(0).fail("compact", { kind: "busy", message: "shard 0 is broken" });
    faults.shard(1).fail("compact", { kind: "other", message: "shard 1 is broken" });
    const error = (await spool.compact().catch((reason: unknown) => reason)) as SpoolEngineError;
    expect(error).toMatchObject({
      shards: [0, 1],
      kind: "busy",
      message: expect.stringMatching(/shard 0 .*; shard 1 /),
    });
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect(error.cause).toMatchObject({ errors: [{ message: "shard 0 is broken" }, { message: "shard 1 is broken" }] });
  });

  it("finishes the other shards first, if it is an enumeration", async () => {
    const { spool, faults } = await openObserved();
    faults.shard(0).fail("enumerate", { kind: "other", message: "shard 0 is broken" });
    const ids = Array.from({ length: 300 }, () => idOn(1));
    await Promise.all([idOn(0), ...ids].map((id) => spool.store(id, DATA)));
    const { ids: found, error } = await drain(spool.enumerate({ createdBefore: new Date(Date.now() + 1000) }));
    expect(found.sort()).toEqual(ids.map(String).sort());
    expect(error).toMatchObject({ code: "SPOOL_ENGINE", shards: [0], cause: { message: "shard 0 is broken" } });
  });

  it("names both shards, if it is an enumeration that fails in both", async () => {
    const { spool, faults } = await openObserved();
    for (const shard of [0, 1]) faults.shard(shard).fail("enumerate", { kind: "other" });
    const { ids, error } = await drain(spool.enumerate());
    expect([ids, (error as SpoolEngineError).shards?.toSorted()]).toEqual([[], [0, 1]]);
    expect((error as SpoolEngineError).cause).toBeInstanceOf(AggregateError);
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SpoolEngineError, type SpoolEntry, SpoolId, type SpoolOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSpoolIn } from "./open-spool.ts";
import { shardOf } from "./routing.ts";
import type { RocksSpool } from "./spool.ts";

const CORE = import.meta.resolve("@rockspool/core");
const DATA = Uint8Array.of(1, 2, 3);
const SHARDS = 2;

/** A directory with a spool in memory of two shards, of which each is opened by `open` and closed with the test. */
async function makeSpool() {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-shards-"));
  const path = join(directory, "spool");
  const spools: RocksSpool[] = [];
  onTestFinished(async () => {
    for (const spool of spools) await spool.shutdown().catch(() => {});
    await rm(directory, { recursive: true, force: true });
  });
  /** `opening` is what each engine does before it opens, `engine` what it does then; `shard` is its number. */
  const open = async (options: Partial<SpoolOptions> = {}, { opening = "", engine = "" } = {}) => {
    const module = join(directory, `engine-${spools.length}.mjs`);
    const source = `
      import { SpoolEngineError } from ${JSON.stringify(CORE)};
      import { openEngine as open } from ${JSON.stringify(engineUrls.memory.href)};
      export async function openEngine(path, options) {
        const shard = Number(path.slice(-3));
        const broken = (kind) => new SpoolEngineError("shard " + shard + " is broken", { kind, path });
        ${opening}
        const engine = await open(path, options);
        ${engine}
        return engine;
      }`;
    await writeFile(module, source);
    const given = { path, shards: SHARDS, registry: new Registry(), ...options };
    const spool = await openSpoolIn({ engine: pathToFileURL(module) }, given);
    spools.push(spool);
    return spool;
  };
  return { path, open };
}

function idOn(shard: number): SpoolId {
  for (;;) {
    const id = SpoolId.generate();
    if (shardOf(id.bytes, SHARDS) === shard) return id;
  }
}

/** What an enumeration yields before it ends, and how it ends. */
async function drain(entries: AsyncIterable<SpoolEntry>): Promise<{ ids: string[]; error: unknown }> {
  const ids: string[] = [];
  try {
    for await (const { id } of entries) ids.push(String(id));
    return { ids, error: null };
  } catch (error) {
    return { ids, error };
  }
}

describe("a spool of which one shard cannot be opened", () => {
  const DOWN = { opening: 'if (shard === 1) throw broken("corruption");' };

  async function openHalf(options: Partial<SpoolOptions> = {}) {
    const { path, open } = await makeSpool();
    const ids = [idOn(0), idOn(1)] as const;
    const whole = await open();
    for (const id of ids) await whole.store(id, DATA);
    await whole.shutdown();
    return { spool: await open(options, DOWN), ids, path };
  }

  it("serves the other, and says why and since when this one is down", async () => {
    const { spool, ids, path } = await openHalf();
    expect(await spool.load(ids[0])).toEqual(DATA);
    expect(await spool.store(idOn(0), DATA)).toBe("written");
    expect(spool.health()).toMatchObject([
      { state: "open", latched: false, reason: null },
      { index: 1, state: "down", latched: true, reason: "shard 1 is broken", since: expect.any(Date), restarts: 0 },
    ]);
    expect(spool.health()[1]?.path).toBe(join(path, "shard-001"));
  });

  it("refuses its writes as unhealthy and its loads by the reason", async () => {
    const { spool, ids } = await openHalf();
    const unhealthy = { code: "SPOOL_UNHEALTHY", outcome: "not-written" };
    await expect(spool.store(ids[1], DATA)).rejects.toMatchObject(unhealthy);
    await expect(spool.remove(ids[1])).rejects.toMatchObject(unhealthy);
    const reason = { code: "SPOOL_ENGINE", kind: "corruption", message: "shard 1 is broken" };
    await expect(spool.load(ids[1])).rejects.toMatchObject(reason);
  });

  it("gives no new id that would land there", async () => {
    const { spool } = await openHalf();
    const shards = Array.from({ length: 200 }, () => shardOf(spool.newId().bytes, SHARDS));
    expect(new Set(shards)).toEqual(new Set([0]));
  });

  it("does on the other what it does on all, then names this one", async () => {
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
  ] as const)("sheds load where shedWhen is %s: %j", async (shedWhen, reason) => {
    const { spool } = await openHalf({ shedWhen });
    expect(spool.unhealthyReason()).toBe(reason);
  });
});

describe("unhealthyReason", () => {
  const SHEDS = "the spool is not accepting writes";

  it.each([
    ["any", [null, SHEDS, SHEDS]],
    ["all", [null, null, SHEDS]],
  ] as const)("where shedWhen is %s speaks for none, one and two latched shards: %j", async (shedWhen, reasons) => {
    const spool = await (await makeSpool()).open({ shedWhen });
    const said = [spool.unhealthyReason()];
    for (const shard of [1, 0]) {
      await spool.latch(shard, "maintenance");
      said.push(spool.unhealthyReason());
    }
    expect(said).toEqual(reasons);
  });

  it("with every shard latched still leaves ids to be had, and refuses every store", async () => {
    const spool = await (await makeSpool()).open();
    for (const shard of [0, 1]) await spool.latch(shard, "maintenance");
    const shards = new Set(Array.from({ length: 100 }, () => shardOf(spool.newId().bytes, SHARDS)));
    expect(shards).toEqual(new Set([0, 1]));
    await expect(spool.store(spool.newId(), DATA)).rejects.toMatchObject({ code: "SPOOL_UNHEALTHY" });
  });

  it("is not asked for a shard that is not there", async () => {
    const spool = await (await makeSpool()).open();
    for (const shard of [-1, SHARDS, 0.5]) {
      await expect(spool.latch(shard, "maintenance")).rejects.toMatchObject({ code: "SPOOL_CONFIG", field: "shard" });
    }
    expect(spool.health().map(({ latched }) => latched)).toEqual([false, false]);
  });
});

describe("an operation on all shards that fails", () => {
  it("in one names it, and its cause is what failed there", async () => {
    const { open, path } = await makeSpool();
    const spool = await open({}, { engine: 'if (shard === 1) engine.compact = async () => { throw broken("io"); };' });
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

  it("in several names them all, and its cause is an AggregateError of what failed", async () => {
    const { open } = await makeSpool();
    const spool = await open(
      {},
      { engine: 'engine.compact = async () => { throw broken(shard ? "other" : "busy"); };' },
    );
    const error = (await spool.compact().catch((reason: unknown) => reason)) as SpoolEngineError;
    expect(error).toMatchObject({
      shards: [0, 1],
      kind: "busy",
      message: expect.stringMatching(/shard 0 .*; shard 1 /),
    });
    expect(error.cause).toBeInstanceOf(AggregateError);
    expect(error.cause).toMatchObject({ errors: [{ message: "shard 0 is broken" }, { message: "shard 1 is broken" }] });
  });

  it("as an enumeration finishes the others first", async () => {
    const { open } = await makeSpool();
    const spool = await open({}, { engine: 'if (shard === 0) engine.page = async () => { throw broken("other"); };' });
    const ids = Array.from({ length: 300 }, () => idOn(1));
    await Promise.all([idOn(0), ...ids].map((id) => spool.store(id, DATA)));
    const { ids: found, error } = await drain(spool.enumerate({ createdBefore: new Date(Date.now() + 1000) }));
    expect(found.sort()).toEqual(ids.map(String).sort());
    expect(error).toMatchObject({ code: "SPOOL_ENGINE", shards: [0], cause: { message: "shard 0 is broken" } });
  });

  it("as an enumeration of both names both", async () => {
    const { open } = await makeSpool();
    const spool = await open({}, { engine: 'engine.page = async () => { throw broken("other"); };' });
    const { ids, error } = await drain(spool.enumerate());
    expect([ids, (error as SpoolEngineError).shards?.toSorted()]).toEqual([[], [0, 1]]);
    expect((error as SpoolEngineError).cause).toBeInstanceOf(AggregateError);
  });
});

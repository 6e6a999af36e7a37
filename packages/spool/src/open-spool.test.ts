import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpoolLockedError } from "@rockspool/core";
import { Gauge, Registry } from "prom-client";
import { beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import type { RocksSpool } from "./spool.ts";
import type { Fault } from "./testing/active-fault.ts";
import { type FaultySpoolOptions, openFaultySpool } from "./testing/open-faulty-spool.ts";
import type { ShardFaults } from "./testing/shard-faults.ts";
import { ShardThreads } from "./threads/shard-threads.ts";

let directory: string;
let path: string;
let serve: MockInstance<ShardThreads["serve"]>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "rockspool-open-"));
  path = join(directory, "spool");
  serve = vi.spyOn(ShardThreads.prototype, "serve");
  const made = directory;
  return () => rm(made, { recursive: true, force: true });
});

async function open(options: Partial<FaultySpoolOptions> = {}): Promise<RocksSpool> {
  const { spool } = await openFaultySpool({ path, shards: 2, registry: new Registry(), ...options });
  return spool;
}

async function openAndClose(options: Partial<FaultySpoolOptions> = {}): Promise<void> {
  await (await open(options)).shutdown();
}

/** The reason with which opening is rejected. No thread may be left by then. */
async function rejectionOf(opening: Promise<unknown>): Promise<unknown> {
  const error = await opening.then(
    () => expect.fail("it should have been rejected"),
    (reason: unknown) => reason,
  );
  for (const threads of serve.mock.contexts as ShardThreads[]) expect(threads.workers).toEqual([]);
  return error;
}

describe("an opening that fails leaves nothing open", () => {
  it("for a wrong option, and creates no directory", async () => {
    expect(await rejectionOf(open({ shards: 0 }))).toMatchObject({ code: "SPOOL_CONFIG", field: "shards" });
    expect(await readdir(directory)).toEqual([]);
    await openAndClose();
  });

  it("for another number of shards", async () => {
    await openAndClose();
    expect(await rejectionOf(open({ shards: 3 }))).toMatchObject({ code: "SPOOL_CONFIG", field: "shards", value: 3 });
    await openAndClose();
  });

  it("for a damaged rockspool.json", async () => {
    await mkdir(path);
    await writeFile(join(path, "rockspool.json"), "{");
    expect(await rejectionOf(open())).toMatchObject({ code: "SPOOL_CONFIG", field: "path" });
    await rm(join(path, "rockspool.json"));
    await openAndClose();
  });

  it("of its own if the spool is open already; that one goes on", async () => {
    const spool = await open();
    await expect(open()).rejects.toThrow(SpoolLockedError);
    await spool.store(spool.newId(), new Uint8Array(1));
    await spool.shutdown();
    await openAndClose();
  });

  it("if no shard can be opened, and rejects with the reason of each", async () => {
    await openAndClose();
    const prepare: FaultySpoolOptions["prepare"] = (faults) => {
      faults.shard(0).fail("open", { kind: "corruption", message: "bad block 0" });
      faults.shard(1).fail("open", { kind: "io", message: "bad block 1" });
    };
    const error = await rejectionOf(open({ prepare }));
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      message: `no spool in ${path}: bad block 0; bad block 1`,
      errors: [
        { code: "SPOOL_ENGINE", kind: "corruption", path: join(path, "shard-000") },
        { code: "SPOOL_ENGINE", kind: "io", path: join(path, "shard-001") },
      ],
    });
    await openAndClose();
  });

  it("if one shard of a new spool cannot be created; a later opening may have another number of shards", async () => {
    const error = await rejectionOf(
      open({ prepare: (faults) => faults.shard(1).fail("open", { code: "ENOSPC", message: "no space" }) }),
    );
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ errors: [{ message: "no space" }] });
    expect(await readdir(path)).not.toContain("rockspool.json");
    const spool = await open({ shards: 1 });
    expect(spool.shards).toBe(1);
    await spool.shutdown();
    expect((await readdir(path)).sort()).toEqual(["rockspool.json", "rockspool.lock", "shard-000", "shard-000.mark"]);
  });

  it.each([
    ["exits", (shard) => shard.exitAt("open", { exitCode: 0 })],
    ["throws an uncaught error", (shard) => shard.throwAt("open")],
  ] as [string, (shard: ShardFaults) => Fault][])("if each thread %s", async (_how, set) => {
    const prepare: FaultySpoolOptions["prepare"] = (faults) => {
      for (const shard of [0, 1]) set(faults.shard(shard));
    };
    const error = await rejectionOf(open({ prepare }));
    expect(error).toMatchObject({ errors: [{ code: "SPOOL_ENGINE" }, { code: "SPOOL_ENGINE" }] });
    await openAndClose();
  });

  it("if one shard is locked, though the others could be opened", async () => {
    await openAndClose();
    // As RocksDB words it.
    const message = "IO error: While lock file: LOCK: Resource temporarily unavailable";
    const error = await rejectionOf(open({ prepare: (faults) => faults.shard(1).fail("open", { message }) }));
    expect(error).toMatchObject({ code: "SPOOL_LOCKED", path: join(path, "shard-001") });
    await openAndClose();
  });

  it("if rockspool.json cannot be written", async () => {
    const stalls: Fault[] = [];
    const opening = open({ shards: 1, prepare: (faults) => stalls.push(faults.shard(0).stall("open")) });
    const rejection = rejectionOf(opening);
    for (const stall of stalls) {
      await stall.reached();
      await rm(join(path, "rockspool.json.new"));
      stall.release();
    }
    expect(await rejection).toMatchObject({ code: "SPOOL_ENGINE", kind: "io", path });
    await rm(path, { recursive: true });
    await openAndClose();
  });

  it("if its metrics cannot be registered, and leaves none of them registered", async () => {
    const registry = new Registry();
    const name = "rocks_spool_load_shed_active";
    registry.registerMetric(new Gauge({ name, help: "mine", registers: [] }));
    await rejectionOf(open({ registry }));
    registry.removeSingleMetric(name);
    await openAndClose({ registry });
    expect(registry.getMetricsAsArray()).toEqual([]);
  });
});

describe("a spool that opens", () => {
  it("has a thread for each shard, which ends with it", async () => {
    const spool = await open({ shards: 3 });
    expect([spool.shards, spool.threads.length, spool.path]).toEqual([3, 3, path]);
    await spool.shutdown();
    expect(spool.threads).toEqual([]);
  });

  it("again has all its shards open and unlatched at once", async () => {
    await openAndClose();
    const spool = await open({ shards: undefined });
    expect(spool.health().map(({ state, latched, reason, restarts }) => [state, latched, reason, restarts])).toEqual(
      Array(2).fill(["open", false, null, 0]),
    );
    await spool.shutdown();
    expect(spool.health().map(({ state }) => state)).toEqual(["closed", "closed"]);
  });
});

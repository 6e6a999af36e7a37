import { join } from "node:path";
import { SpoolId } from "@rockspool/core";
import { Registry } from "prom-client";
import { describe, expect, it, vi } from "vitest";
import { DATA, idOn, openObserved } from "../test/observed-spool.ts";
import type { RocksSpool } from "./spool.ts";
import type { FaultySpoolOptions } from "./testing/open-faulty-spool.ts";
import { openMemorySpool } from "./testing/open-memory-spool.ts";

/** Long enough to close a shard whose disk answers. */
const SHUTDOWN_TIMEOUT_MS = 2000;
const STORES = 300;
/** The error of a disk on which a shard cannot be flushed. */
const BROKEN = { code: "ENOSPC", message: "no space" };

async function open(options: Partial<FaultySpoolOptions> = {}) {
  const registry = new Registry();
  return { ...(await openObserved({ registry, ...options })), registry };
}

/** The spool has left no thread, no metrics and no lock. */
async function expectClosed({ spool, path, registry }: { spool: RocksSpool; path: string; registry: Registry }) {
  expect(spool.threads).toEqual([]);
  expect(spool.health().map(({ state }) => state)).toEqual(spool.health().map(() => "closed"));
  expect(registry.getMetricsAsArray()).toEqual([]);
  const again = await openMemorySpool({ path, registry });
  await again.shutdown();
}

function outcomeOf(store: Promise<unknown>): Promise<string> {
  return store.then(String, ({ code, outcome }) => `${code} ${outcome}`);
}

describe("a shutdown", () => {
  it("settles the sent and the queued operations, and refuses new ones", async () => {
    const opened = await open({ shards: 1, params: { limitConcurrentStores: 1 } });
    const { spool, faults } = opened;
    const shard = faults.shard(0);
    // The limit admits one store at a time, so each is a batch of its own.
    const [first, last] = [shard.stall("write", { times: 1 }), shard.stall("write", { after: STORES - 1 })];
    const flush = shard.stall("flush");
    const stores = Array.from({ length: STORES }, () => spool.store(spool.newId(), DATA));
    await first.reached();
    const closing = spool.shutdown();
    expect(spool.shutdown(), "a second call joins the first").toBe(closing);
    await expect(spool.store(spool.newId(), DATA)).rejects.toMatchObject({
      code: "SPOOL_CLOSED",
      outcome: "not-written",
    });
    await expect(spool.load(SpoolId.generate())).rejects.toMatchObject({ code: "SPOOL_CLOSED" });
    await expect(spool.unlatch(0)).rejects.toMatchObject({ code: "SPOOL_CLOSED" });
    let closed = false;
    closing.then(() => {
      closed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(false);
    first.release();
    await last.reached();
    expect(flush.hits, "no shard is closed while a store is pending").toBe(0);
    last.release();
    flush.release();
    expect(await Promise.all(stores)).toEqual(Array(STORES).fill("written"));
    await closing;
    await expectClosed(opened);
  });

  it("rejects if a shard cannot be flushed, names it, and closes everything", async () => {
    const opened = await open();
    opened.faults.shard(1).fail("flush", BROKEN);
    await opened.spool.store(opened.spool.newId(), DATA);
    const closing = opened.spool.shutdown();
    await expect(closing).rejects.toMatchObject({
      code: "SPOOL_ENGINE",
      kind: "io",
      shards: [1],
      path: join(opened.path, "shard-001"),
      cause: { message: "no space" },
    });
    await expectClosed(opened);
  });

  it("names all shards that cannot be flushed", async () => {
    const opened = await open();
    for (const shard of [0, 1]) opened.faults.shard(shard).fail("flush", BROKEN);
    const error = await opened.spool.shutdown().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      shards: [0, 1],
      cause: { errors: [{ message: "no space" }, { message: "no space" }] },
    });
    await expectClosed(opened);
  });

  it("rejects if a thread dies meanwhile, and closes everything", async () => {
    const opened = await open();
    opened.faults.shard(0).exitAt("close", { exitCode: 0 });
    await expect(opened.spool.shutdown()).rejects.toMatchObject({ code: "SPOOL_ENGINE", shards: [0] });
    await expectClosed(opened);
  });

  it("rejects after shutdownTimeout if a disk does not answer; the directory is free once it has", async () => {
    const { spool, faults, path } = await open({
      shutdownTimeout: SHUTDOWN_TIMEOUT_MS,
      maxPendingBytes: 64 * 1024,
      params: { limitConcurrentLoads: 1 },
    });
    const stall = faults.shard(0).stall("write");
    const id = idOn(0);
    const sent = outcomeOf(spool.store(id, DATA));
    await stall.reached();
    const inLane = outcomeOf(spool.store(idOn(0), new Uint8Array(30_000)));
    const queued = outcomeOf(spool.store(idOn(0), new Uint8Array(30_000)));
    await expect(spool.shutdown()).rejects.toMatchObject({
      code: "SPOOL_ENGINE",
      kind: "busy",
      shards: [0],
      path: join(path, "shard-000"),
    });
    expect(await Promise.all([sent, inLane, queued])).toEqual([
      "SPOOL_CLOSED unknown",
      expect.stringContaining("SPOOL_CLOSED"),
      "SPOOL_CLOSED not-written",
    ]);
    await expect(openMemorySpool({ path })).rejects.toMatchObject({ code: "SPOOL_LOCKED" });
    stall.release();
    const again = await vi.waitFor(() => openMemorySpool({ path }), { timeout: 30_000 });
    expect(await again.load(id)).toEqual(DATA);
    await again.shutdown();
  });

  it("closes a latched shard without a flush", async () => {
    const opened = await open({ shards: 1 });
    opened.faults.shard(0).fail("flush", BROKEN);
    await opened.spool.latch(0, "the disk is suspect");
    await opened.spool.shutdown();
    await expectClosed(opened);
  });

  it("ends the pause before a restart, and leaves no timer", async () => {
    const pauses: NodeJS.Timeout[] = [];
    const real = globalThis.setTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms = 0) => {
      if (ms !== 100) return real(run, ms);
      const pause = real(run, 3_600_000);
      pauses.push(pause);
      return pause;
    }) as typeof setTimeout);
    const intervals = vi.spyOn(globalThis, "setInterval");
    const cleared = [vi.spyOn(globalThis, "clearTimeout"), vi.spyOn(globalThis, "clearInterval")];
    const opened = await open();
    const { spool, faults } = opened;
    faults.shard(0).exitAt("write", { exitCode: 0 });
    await expect(spool.store(idOn(0), DATA)).rejects.toMatchObject({ code: "SPOOL_SHARD_LOST" });
    expect(spool.health().map(({ state }) => state)).toEqual(["restarting", "open"]);
    await spool.shutdown();
    const ended = new Set(cleared.flatMap(({ mock }) => mock.calls.map(([timer]) => timer)));
    expect(pauses.map((pause) => ended.has(pause))).toEqual([true]);
    // The monitor's and the deadline sweeper's.
    expect(intervals.mock.results.map(({ value }) => ended.has(value))).toEqual([true, true]);
    await expectClosed(opened);
  });

  it("waits for a shard that is being reopened, and settles its operations", async () => {
    const opened = await open({ shards: 1 });
    const { spool, faults } = opened;
    faults.shard(0).exitAt("write", { exitCode: 0 });
    const stall = faults.shard(0).stall("open");
    await expect(spool.store(spool.newId(), DATA)).rejects.toMatchObject({
      code: "SPOOL_SHARD_LOST",
      outcome: "unknown",
    });
    const waits = spool.store(spool.newId(), DATA);
    await stall.reached();
    expect(spool.health()[0]?.state).toBe("opening");
    const closing = spool.shutdown();
    stall.release();
    expect(await waits).toBe("written");
    await closing;
    await expectClosed(opened);
  });
});

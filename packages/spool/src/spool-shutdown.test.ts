import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SpoolId, type SpoolOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openSpoolIn } from "./open-spool.ts";
import { shardOf } from "./routing.ts";
import type { RocksSpool } from "./spool.ts";

const CORE = import.meta.resolve("@rockspool/core");
const DATA = Uint8Array.of(1, 2, 3);
/** Long enough for a shard whose disk answers to be closed in it. */
const SHUTDOWN_TIMEOUT_MS = 2000;

/** A spool in memory; `engine` is what each of its engines does once it is open, before it serves; `shard` is its number. */
async function openSpoolWith(engine: string, options: Partial<SpoolOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-shutdown-"));
  const module = join(directory, "engine.mjs");
  const file = (name: string): string => join(directory, name);
  const source = `
    import { existsSync, writeFileSync } from "node:fs";
    import { SpoolEngineError } from ${JSON.stringify(CORE)};
    import { openEngine as open } from ${JSON.stringify(engineUrls.memory.href)};
    const broken = () => new SpoolEngineError("no space", { kind: "io", path: "engine" });
    const file = (name) => ${JSON.stringify(`${directory}/`)} + name;
    /** Resolves when the test has made the file. */
    const made = async (name) => {
      while (!existsSync(file(name))) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    export async function openEngine(path, options) {
      const shard = Number(path.slice(-3));
      const engine = await open(path, options);
      const { write, flush, close } = engine;
      if (options.mode === "create") await engine.sync();
      if (options.mode !== "read-only") { ${engine} }
      return engine;
    }`;
  await writeFile(module, source);
  const path = file("spool");
  const registry = new Registry();
  const spool = await openSpoolIn({ engine: pathToFileURL(module) }, { path, shards: 2, registry, ...options });
  onTestFinished(async () => {
    await spool.shutdown().catch(() => {});
    await rm(directory, { recursive: true, force: true });
  });
  return { spool, path, registry, file };
}

/** Nothing of the spool is left: no thread, no series, no lock. */
async function expectClosed({ spool, path, registry }: { spool: RocksSpool; path: string; registry: Registry }) {
  expect(spool.threads).toEqual([]);
  expect(spool.health().map(({ state }) => state)).toEqual(spool.health().map(() => "closed"));
  expect(registry.getMetricsAsArray()).toEqual([]);
  const again = await openSpoolIn({ engine: engineUrls.memory }, { path, registry });
  await again.shutdown();
}

/** An id of this shard of two. */
function idOn(shard: number): SpoolId {
  for (;;) {
    const id = SpoolId.generate();
    if (shardOf(id.toBytes(), 2) === shard) return id;
  }
}

function outcomeOf(store: Promise<unknown>): Promise<string> {
  return store.then(String, ({ code, outcome }) => `${code} ${outcome}`);
}

describe("a shutdown", () => {
  it("settles what the shards have and what waits in line, and refuses what comes meanwhile", async () => {
    // A shard that is closed too early fails what comes then.
    const opened = await openSpoolWith(
      `let closed = false;
      engine.close = async () => { closed = true; };
      engine.write = async (fill) => {
        writeFileSync(file("writing"), "");
        await made("go");
        if (closed) throw broken();
        await write.call(engine, fill);
      };`,
      { shards: 1, params: { limitConcurrentStores: 1 } },
    );
    const { spool, file } = opened;
    const stores = Array.from({ length: 300 }, () => spool.store(spool.newId(), DATA));
    await expect.poll(() => existsSync(file("writing"))).toBe(true);
    const closing = spool.shutdown();
    expect(spool.shutdown(), "it is one").toBe(closing);
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
    await writeFile(file("go"), "");
    expect(await Promise.all(stores)).toEqual(Array(300).fill("written"));
    await closing;
    await expectClosed(opened);
  });

  it("of a spool whose shard cannot write everything out rejects, names it, and all is closed", async () => {
    const opened = await openSpoolWith("if (shard === 1) engine.flush = async () => { throw broken(); };");
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

  it("of a spool of which several cannot names them all", async () => {
    const opened = await openSpoolWith("engine.flush = async () => { throw broken(); };");
    const error = await opened.spool.shutdown().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      shards: [0, 1],
      cause: { errors: [{ message: "no space" }, { message: "no space" }] },
    });
    await expectClosed(opened);
  });

  it("during which a thread dies rejects, and all is closed", async () => {
    const opened = await openSpoolWith("if (shard === 0) engine.close = async () => process.exit(0);");
    await expect(opened.spool.shutdown()).rejects.toMatchObject({ code: "SPOOL_ENGINE", shards: [0] });
    await expectClosed(opened);
  });

  it("that a disk does not answer rejects in time and says so; the directory is free when it has answered", async () => {
    const { spool, path, file } = await openSpoolWith(
      `if (shard === 0) engine.write = async (fill) => {
        writeFileSync(file("writing"), "");
        await made("go");
        await write.call(engine, fill);
      };`,
      { shutdownTimeout: SHUTDOWN_TIMEOUT_MS, maxPendingBytes: 64 * 1024, params: { limitConcurrentLoads: 1 } },
    );
    const id = idOn(0);
    const sent = outcomeOf(spool.store(id, DATA));
    await expect.poll(() => existsSync(file("writing"))).toBe(true);
    const inLane = outcomeOf(spool.store(idOn(0), new Uint8Array(30_000)));
    const inLine = outcomeOf(spool.store(idOn(0), new Uint8Array(30_000)));
    await expect(spool.shutdown()).rejects.toMatchObject({
      code: "SPOOL_ENGINE",
      kind: "busy",
      shards: [0],
      path: join(path, "shard-000"),
    });
    expect(await Promise.all([sent, inLane, inLine])).toEqual([
      "SPOOL_CLOSED unknown",
      expect.stringContaining("SPOOL_CLOSED"),
      "SPOOL_CLOSED not-written",
    ]);
    await expect(openSpoolIn({ engine: engineUrls.memory }, { path })).rejects.toMatchObject({ code: "SPOOL_LOCKED" });
    await writeFile(file("go"), "");
    const again = await vi.waitFor(() => openSpoolIn({ engine: engineUrls.memory }, { path }), { timeout: 30_000 });
    expect(await again.load(id)).toEqual(DATA);
    await again.shutdown();
  });

  it("leaves a latched shard as it is, and closes it", async () => {
    const opened = await openSpoolWith("engine.flush = async () => { throw broken(); };", { shards: 1 });
    await opened.spool.latch(0, "the disk is suspect");
    await opened.spool.shutdown();
    await expectClosed(opened);
  });

  it("while a shard waits to be served again is not held up by it, and leaves no timer", async () => {
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
    const opened = await openSpoolWith("if (shard === 0) engine.write = async () => process.exit(0);");
    const { spool } = opened;
    const stores = await Promise.allSettled(Array.from({ length: 20 }, () => spool.store(spool.newId(), DATA)));
    expect(stores).toContainEqual(expect.objectContaining({ status: "rejected" }));
    expect(spool.health().map(({ state }) => state)).toEqual(["restarting", "open"]);
    await spool.shutdown();
    const ended = new Set(cleared.flatMap(({ mock }) => mock.calls.map(([timer]) => timer)));
    expect(pauses.map((pause) => ended.has(pause))).toEqual([true]);
    // The monitor's and the sweeper's.
    expect(intervals.mock.results.map(({ value }) => ended.has(value))).toEqual([true, true]);
    await expectClosed(opened);
  });

  it("while a shard is opened again waits for that, and what waited there is settled", async () => {
    const opened = await openSpoolWith(
      'if (shard === 0 && options.mode === "create") engine.write = async () => process.exit(0); else if (shard === 0) await made("go");',
      { shards: 1 },
    );
    const { spool, file } = opened;
    await expect(spool.store(spool.newId(), DATA)).rejects.toMatchObject({
      code: "SPOOL_SHARD_LOST",
      outcome: "unknown",
    });
    const waits = spool.store(spool.newId(), DATA);
    await expect.poll(() => spool.health()[0]?.state).toBe("opening");
    const closing = spool.shutdown();
    await writeFile(file("go"), "");
    expect(await waits).toBe("written");
    await closing;
    await expectClosed(opened);
  });
});

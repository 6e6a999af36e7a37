import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BroadcastChannel } from "node:worker_threads";
import type { SpoolOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSpoolIn } from "./open-spool.ts";

/** One call of an engine: the first words of the stored messages, and the number of removes and loads. */
interface Held {
  readonly stores: string[];
  readonly removes: number;
  readonly loads: number;
}

/** A spool in memory whose engines hold each write and read until `go`. `held` lists the calls that they were given. */
async function openHeld(options: Partial<SpoolOptions>) {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-limits-"));
  const module = join(directory, "engine.mjs");
  const source = `
    import { BroadcastChannel } from "node:worker_threads";
    import { openEngine as open } from ${JSON.stringify(engineUrls.memory.href)};
    export async function openEngine(path, options) {
      const engine = await open(path, options);
      const channel = new BroadcastChannel(${JSON.stringify(directory)});
      channel.unref();
      const waiting = [];
      channel.onmessage = ({ data }) => {
        if (data === "go") for (const go of waiting.splice(0)) go();
      };
      const hold = (held) => {
        channel.postMessage({ stores: [], removes: 0, loads: 0, ...held });
        return new Promise((go) => waiting.push(go));
      };
      const { write, getMany } = engine;
      engine.write = async (fill) => {
        const stores = [];
        let removes = 0;
        fill({
          put: (key, value) => {
            if (key.byteLength === 16) stores.push(Buffer.from(value).toString("utf8", 1).split(" ")[0]);
          },
          remove: () => removes++,
        });
        await hold({ stores, removes });
        await write.call(engine, fill);
      };
      engine.getMany = async (keys) => {
        await hold({ loads: keys.length });
        return getMany.call(engine, keys);
      };
      return engine;
    }`;
  await writeFile(module, source);
  const channel = new BroadcastChannel(directory);
  const held: Held[] = [];
  const listeners: (() => void)[] = [];
  channel.onmessage = (event) => {
    held.push((event as { data: Held }).data);
    for (const listener of listeners) listener();
  };
  const spool = await openSpoolIn(
    { engine: pathToFileURL(module) },
    {
      path: join(directory, "spool"),
      registry: new Registry(),
      monitorInterval: "1 hour",
      ...options,
      // The engine reads the messages' first words.
      params: { compressionType: "none", ...options.params },
    },
  );
  const go = (): void => channel.postMessage("go");
  onTestFinished(async () => {
    listeners.push(go);
    go();
    await spool.shutdown();
    channel.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { spool, held, go, onHeld: (listener: () => void) => void listeners.push(listener) };
}

/** A message of this size, whose first word is `name`. */
function message(name: string | number, bytes = 10): Uint8Array {
  return new Uint8Array(Buffer.alloc(bytes, `${name} `));
}

describe("limitConcurrent* bounds what the shards are given:", () => {
  const LIMIT = 3;
  const CALLS = 20;

  it.each([
    ["stores", { limitConcurrentStores: LIMIT }],
    ["removes", { limitConcurrentRemoves: LIMIT }],
    ["loads", { limitConcurrentLoads: LIMIT }],
  ] as const)("%s", async (what, params) => {
    const { spool, held, go, onHeld } = await openHeld({ shards: 2, params });
    const given = (): number =>
      held.reduce((sum, { stores, removes, loads }) => sum + stores.length + removes + loads, 0);
    let settled = 0;
    let most = 0;
    onHeld(() => {
      most = Math.max(most, given() - settled);
      go();
    });
    const call = (i: number): Promise<unknown> => {
      const id = spool.newId();
      if (what === "stores") return spool.store(id, message(i));
      return what === "removes" ? spool.remove(id) : spool.load(id);
    };
    const note = (): void => void settled++;
    await Promise.all(Array.from({ length: CALLS }, (_, i) => call(i).then(note, note)));
    // The engines report their calls over another channel, which may be slower than the answers.
    await expect.poll(given).toBe(CALLS);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(LIMIT);
  });

  it("a limit of stores does not delay loads", async () => {
    const { spool, held, go, onHeld } = await openHeld({ shards: 1, params: { limitConcurrentStores: 1 } });
    const stores = [1, 2, 3].map((i) => spool.store(spool.newId(), message(i)));
    const load = spool.load(spool.newId()).catch((error: Error) => error.message);
    await expect.poll(() => held).toHaveLength(2);
    expect(held.map(({ stores, loads }) => [stores, loads]).sort()).toEqual([
      [[], 1],
      [["1"], 0],
    ]);
    onHeld(go);
    go();
    await Promise.all([...stores, load]);
  });
});

describe("maxPendingBytes", () => {
  const KIB = 1024;
  /** Long enough for the shard's thread to have taken what was sent to it. */
  const STORE_DEADLINE_MS = 3000;

  it("queues the stores beyond it, and admits them in order", async () => {
    const { spool, held, go, onHeld } = await openHeld({ shards: 1, maxPendingBytes: 64 * KIB });
    const stores = Array.from({ length: 10 }, (_, i) => spool.store(spool.newId(), message(i, 20 * KIB)));
    await expect.poll(() => held).toHaveLength(1);
    expect(held[0]?.stores).toEqual(["0", "1", "2"]);
    onHeld(go);
    go();
    expect(await Promise.all(stores)).toEqual(Array(10).fill("written"));
    expect(held.flatMap(({ stores }) => stores)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect(Math.max(...held.map(({ stores }) => stores.length))).toBe(3);
  });

  it("bounds what is copied: a store aborted in the admission queue is never sent", async () => {
    const { spool, held, go, onHeld } = await openHeld({ shards: 1, maxPendingBytes: 64 * KIB });
    const first = spool.store(spool.newId(), message("first", 60 * KIB));
    const abort = new AbortController();
    const second = spool.store(spool.newId(), message("second", 20 * KIB), { signal: abort.signal });
    const third = spool.store(spool.newId(), message("third", 1 * KIB));
    await expect.poll(() => held).toHaveLength(1);
    abort.abort("enough");
    await expect(second).rejects.toBe("enough");
    onHeld(go);
    go();
    expect(await Promise.all([first, third])).toEqual(["written", "written"]);
    expect(held.flatMap(({ stores }) => stores)).toEqual(["first", "third"]);
  });

  it("does not hold queued stores when the gate latches: they are not written; sent ones are answered", async () => {
    const { spool, held, go } = await openHeld({ shards: 1, maxPendingBytes: 64 * KIB });
    const sent = spool.store(spool.newId(), message("sent", 60 * KIB));
    const waiting = Array.from({ length: 3 }, () => spool.store(spool.newId(), message("waits", 20 * KIB)));
    await expect.poll(() => held).toHaveLength(1);
    await spool.latch(0, "by the operator");
    const refusal = { code: "SPOOL_UNHEALTHY", outcome: "not-written", message: "the spool is not accepting writes" };
    // The shard has not answered yet.
    for (const store of waiting) await expect(store).rejects.toMatchObject(refusal);
    go();
    expect(await sent).toBe("written");
    expect(held.flatMap(({ stores }) => stores)).toEqual(["sent"]);
  });

  it("holds a store no longer than its deadline: the caller's or storeDeadline", async () => {
    const params = { storeDeadline: STORE_DEADLINE_MS };
    const { spool, held, go } = await openHeld({ shards: 1, maxPendingBytes: 64 * KIB, params });
    const sent = spool.store(spool.newId(), message("sent", 60 * KIB));
    await expect.poll(() => held).toHaveLength(1);
    const callers = spool.store(spool.newId(), message("late", 20 * KIB), { deadline: Date.now() + 500 });
    const spools = spool.store(spool.newId(), message("late", 20 * KIB));
    const timeout = { code: "SPOOL_BACKPRESSURE_TIMEOUT", deadlineMs: STORE_DEADLINE_MS };
    // In any order.
    await Promise.all([
      expect(callers).rejects.toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" }),
      expect(spools).rejects.toMatchObject({ ...timeout, outcome: "not-written" }),
      expect(sent).rejects.toMatchObject({ ...timeout, outcome: "unknown" }),
    ]);
    expect(held.flatMap(({ stores }) => stores)).toEqual(["sent"]);
    expect(spool.health()[0]).toMatchObject({ foregroundErrors: 3, latched: false });
    go();
  });
});

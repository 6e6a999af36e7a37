import { EventEmitter, getEventListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BroadcastChannel } from "node:worker_threads";
import type { OperationOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openSpoolIn } from "./open-spool.ts";
import type { RocksSpool } from "./spool.ts";

const DATA = Uint8Array.of(1, 2, 3);

/** A spool in memory that answers nothing until `go`. `calls` are the names of its engine's methods as they are called. */
async function openSilent() {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-abort-"));
  const module = join(directory, "engine.mjs");
  const source = `
    import { BroadcastChannel } from "node:worker_threads";
    import { openEngine as open } from ${JSON.stringify(engineUrls.memory.href)};
    export async function openEngine(path, options) {
      const engine = await open(path, options);
      const channel = new BroadcastChannel(${JSON.stringify(directory)});
      channel.unref();
      const went = new Promise((go) => { channel.onmessage = ({ data }) => data === "go" && go(); });
      for (const name of ["write", "getMany", "flush", "page"]) {
        const call = engine[name];
        engine[name] = async (...given) => {
          channel.postMessage(name);
          await went;
          if (name !== "flush") return call.apply(engine, given);
        };
      }
      return engine;
    }`;
  await writeFile(module, source);
  const channel = new BroadcastChannel(directory);
  const calls = new EventEmitter();
  channel.onmessage = (event) => void calls.emit((event as { data: string }).data);
  const path = join(directory, "spool");
  const spool = await openSpoolIn({ engine: pathToFileURL(module) }, { path, shards: 1, registry: new Registry() });
  const go = (): void => channel.postMessage("go");
  onTestFinished(async () => {
    go();
    await spool.shutdown();
    channel.close();
    await rm(directory, { recursive: true, force: true });
  });
  return { spool, calls, go };
}

type Call = (spool: RocksSpool, options: OperationOptions) => Promise<unknown>;

/** Each operation, and the engine's method that it waits for. */
const operations: [string, string, Call][] = [
  ["store", "write", (spool, options) => spool.store(spool.newId(), DATA, options)],
  ["remove", "write", (spool, options) => spool.remove(spool.newId(), options)],
  ["load", "getMany", (spool, options) => spool.load(spool.newId(), options)],
  ["compact", "flush", (spool, options) => spool.compact(options)],
  ["adviseLowMemory", "flush", (spool, options) => spool.adviseLowMemory(options)],
  ["enumerate", "page", (spool, options) => spool.enumerate(options).next()],
];

describe("an abort", () => {
  it.each(operations)(
    "of %s that is with the shard rejects with the signal's reason, and leaves no listener",
    async (_name, method, call) => {
      const { spool, calls, go } = await openSilent();
      const abort = new AbortController();
      const listeners = (): number => getEventListeners(abort.signal, "abort").length;
      const arrived = new Promise((resolve) => calls.once(method, resolve));
      const result = call(spool, { signal: abort.signal });
      result.catch(() => {});
      await arrived;
      expect(listeners()).toBe(1);
      const reason = new Error("enough");
      abort.abort(reason);
      await expect(result).rejects.toBe(reason);
      go();
      const id = spool.newId();
      await spool.store(id, DATA);
      expect(await spool.load(id)).toEqual(DATA);
      expect(listeners()).toBe(0);
    },
  );

  it.each(operations)("that came before %s rejects it with the signal's reason", async (_name, _method, call) => {
    const { spool, go } = await openSilent();
    const signal = AbortSignal.abort("too late");
    // Whatever it waited for would not have come yet.
    await expect(call(spool, { signal })).rejects.toBe("too late");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    go();
  });

  it("that comes after the end of an operation leaves nothing behind", async () => {
    const { spool, go } = await openSilent();
    go();
    const { signal } = new AbortController();
    const id = spool.newId();
    await spool.store(id, DATA, { signal });
    await spool.load(id, { signal });
    await spool.compact({ signal });
    await spool.adviseLowMemory({ signal });
    await spool.cleanup({ signal });
    for await (const _entry of spool.enumerate({ signal }));
    await spool.remove(id, { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  /** Whether the shard hears of an operation whose signal is aborted before it is called. */
  async function isHeard([, method, call]: (typeof operations)[number]): Promise<boolean> {
    const { spool, calls, go } = await openSilent();
    go();
    const heard = vi.fn();
    calls.on(method, heard);
    await call(spool, { signal: AbortSignal.abort() }).catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    await call(spool, {}).catch(() => {});
    // The engine's calls are told in their order: after this one there is none that was not told.
    const last = new Promise((resolve) => calls.once(method === "write" ? "getMany" : "write", resolve));
    await (method === "write" ? spool.load(spool.newId()).catch(() => {}) : spool.remove(spool.newId()));
    await last;
    expect(heard).toHaveBeenCalled();
    return heard.mock.calls.length > 1;
  }

  it.each(operations)("that came before %s keeps it from the shard", async (...operation) => {
    expect(await isHeard(operation)).toBe(false);
  });
});

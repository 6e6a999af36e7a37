import { getEventListeners } from "node:events";
import type { OperationOptions } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { DATA, openObserved } from "../test/observed-spool.ts";
import type { RocksSpool } from "./spool.ts";
import type { EngineCall } from "./testing/shard-faults.ts";

type Call = (spool: RocksSpool, options: OperationOptions) => Promise<unknown>;

/** Each operation, and the call of the engine that it waits for. */
const operations: [string, EngineCall, Call][] = [
  ["store", "write", (spool, options) => spool.store(spool.newId(), DATA, options)],
  ["remove", "write", (spool, options) => spool.remove(spool.newId(), options)],
  ["load", "read", (spool, options) => spool.load(spool.newId(), options)],
  ["compact", "flush", (spool, options) => spool.compact(options)],
  ["adviseLowMemory", "flush", (spool, options) => spool.adviseLowMemory(options)],
  ["enumerate", "enumerate", (spool, options) => spool.enumerate(options).next()],
];

describe("an abort", () => {
  it.each(operations)(
    "of %s in the shard rejects with the signal's reason, and leaves no listener",
    async (_name, at, call) => {
      const { spool, faults } = await openObserved({ shards: 1 });
      const stall = faults.shard(0).stall(at);
      const abort = new AbortController();
      const listeners = (): number => getEventListeners(abort.signal, "abort").length;
      const result = call(spool, { signal: abort.signal });
      result.catch(() => {});
      await stall.reached();
      expect(listeners()).toBe(1);
      const reason = new Error("enough");
      abort.abort(reason);
      await expect(result).rejects.toBe(reason);
      stall.release();
      const id = spool.newId();
      await spool.store(id, DATA);
      expect(await spool.load(id)).toEqual(DATA);
      expect(listeners()).toBe(0);
    },
  );

  it.each(operations)("before the call of %s rejects it with the signal's reason", async (_name, at, call) => {
    const { spool, faults } = await openObserved({ shards: 1 });
    // A call that reached the engine would not settle.
    faults.shard(0).stall(at);
    const signal = AbortSignal.abort("too late");
    await expect(call(spool, { signal })).rejects.toBe("too late");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("leaves no listener of operations that have settled before", async () => {
    const { spool } = await openObserved({ shards: 1 });
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

  it.each(operations)("before the call of %s keeps it from the shard", async (_name, at, call) => {
    const { spool, faults } = await openObserved({ shards: 1 });
    const fault = faults.shard(0).fail(at, { kind: "other", message: "heard" });
    await expect(call(spool, { signal: AbortSignal.abort("too late") })).rejects.toBe("too late");
    // The shard's thread answers in this step, so anything sent before has reached the engine by then.
    await faults.clock.advance("5s");
    await call(spool, {}).catch(() => {});
    expect(fault.hits).toBe(1);
  });
});

import type { MessagePort } from "node:worker_threads";
import { SpoolClosedError, type SpoolEntry } from "@rockspool/core";
import { describe, expect, it, vi } from "vitest";
import { drain, idOn, openObserved, SHARDS } from "../../test/observed-spool.ts";
import type { RocksSpool } from "../spool.ts";
import { ShardClient } from "./shard-client.ts";

/** The pause after the first death of a shard's thread. */
const RESTART_PAUSE_MS = 100;
/** Two to a frame: a shard's messages take many frames. */
const MESSAGE_BYTES = 400 * 1024;
const MESSAGES_A_SHARD = 24;

/** A spool on the memory engine, with messages in both shards. */
async function openFull() {
  const { spool, faults } = await openObserved({ params: { compressionType: "none" } });
  const ids = [0, 1].map((shard) => Array.from({ length: MESSAGES_A_SHARD }, () => idOn(shard)));
  await Promise.all(ids.flat().map((id) => spool.store(id, new Uint8Array(MESSAGE_BYTES))));
  return { spool, faults, ids: ids.map((each) => each.map(String)) as [string[], string[]] };
}

/** Enumerates all messages stored before the call. */
function everything(spool: RocksSpool, signal?: AbortSignal): AsyncIterableIterator<SpoolEntry> {
  return spool.enumerate({ createdBefore: new Date(Date.now() + 1000), signal });
}

/** A promise for each port of the enumerations that begin from now on: it resolves when the port is closed. */
function watchClosings(): Promise<void>[] {
  const closings: Promise<void>[] = [];
  const { entries } = ShardClient.prototype;
  vi.spyOn(ShardClient.prototype, "entries").mockImplementation(function (this: ShardClient, createdBeforeMs) {
    const port = entries.call(this, createdBeforeMs);
    closings.push(port.then((opened) => new Promise((resolve) => opened.once("close", resolve))));
    return port;
  });
  return closings;
}

/** Holds all restarts of shards until `go`. */
function holdRestarts(): { readonly waiting: number; go(): void } {
  const held: { pause: NodeJS.Timeout; run: () => void }[] = [];
  const real = globalThis.setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms = 0) => {
    if (ms !== RESTART_PAUSE_MS) return real(run, ms);
    const pause = real(run, 3_600_000);
    held.push({ pause, run });
    return pause;
  }) as typeof setTimeout);
  return {
    get waiting() {
      return held.length;
    },
    go: () => {
      for (const { pause, run } of held.splice(0)) {
        clearTimeout(pause);
        run();
      }
    },
  };
}

async function take(entries: AsyncIterator<SpoolEntry>, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(String((await entries.next()).value?.id));
  return ids;
}

describe("an enumeration closes the ports of all shards", () => {
  it("at its end, after each message has come once", async () => {
    const { spool, ids } = await openFull();
    const closings = watchClosings();
    const { ids: found, error } = await drain(everything(spool));
    expect([found.sort(), error]).toEqual([ids.flat().sort(), null]);
    expect(await Promise.all(closings)).toHaveLength(SHARDS);
  });

  it("at a break", async () => {
    const { spool } = await openFull();
    const closings = watchClosings();
    for await (const _entry of everything(spool)) break;
    expect(await Promise.all(closings)).toHaveLength(SHARDS);
  });

  it("when its consumer throws, without changing the consumer's error", async () => {
    const { spool } = await openFull();
    const closings = watchClosings();
    const consume = async (): Promise<void> => {
      for await (const _entry of everything(spool)) throw new Error("the consumer's own");
    };
    await expect(consume()).rejects.toThrow("the consumer's own");
    expect(await Promise.all(closings)).toHaveLength(SHARDS);
  });

  it("at an abort in its middle, and rejects with the abort's reason", async () => {
    const { spool } = await openFull();
    const closings = watchClosings();
    const abort = new AbortController();
    const entries = everything(spool, abort.signal);
    await take(entries, 3);
    abort.abort("enough");
    await expect(entries.next()).rejects.toBe("enough");
    expect(await entries.next()).toEqual({ value: undefined, done: true });
    expect(await Promise.all(closings)).toHaveLength(SHARDS);
  });

  it("at a shutdown in its middle, without waiting for the consumer", async () => {
    const { spool } = await openFull();
    const closings = watchClosings();
    const entries = everything(spool);
    await take(entries, 3);
    await spool.shutdown();
    await expect(entries.next()).rejects.toThrow(SpoolClosedError);
    expect(await Promise.all(closings)).toHaveLength(SHARDS);
    await expect(everything(spool).next()).rejects.toThrow(SpoolClosedError);
  });

  it.each([
    ["in the turn in which it begins", false],
    ["while it waits for the shards", true],
  ])("at a shutdown %s", async (_when, waits) => {
    const { spool, faults } = await openFull();
    const stalls = [0, 1].map((shard) => faults.shard(shard).stall("enumerate"));
    const closings = watchClosings();
    const next = everything(spool).next();
    if (waits) await Promise.all(stalls.map((stall) => stall.reached()));
    const closing = spool.shutdown();
    await expect(next).rejects.toThrow(SpoolClosedError);
    await closing;
    expect(await Promise.all(closings)).toHaveLength(SHARDS);
  });

  it("also if it ended before a shard was served again", async () => {
    const { spool, faults } = await openFull();
    const restarts = holdRestarts();
    await Promise.all([0, 1].map((shard) => faults.shard(shard).kill()));
    expect(restarts.waiting).toBe(SHARDS);
    expect(spool.health().map(({ state }) => state)).toEqual(["restarting", "restarting"]);
    const closings = watchClosings();
    const abort = new AbortController();
    const next = everything(spool, abort.signal).next();
    abort.abort("enough");
    await expect(next).rejects.toBe("enough");
    restarts.go();
    expect(await Promise.all(closings)).toHaveLength(SHARDS);
    expect((await drain(everything(spool))).ids).toHaveLength(SHARDS * MESSAGES_A_SHARD);
  });
});

describe("an enumeration", () => {
  it("runs beside others, and beside one that is not read", async () => {
    const { spool, ids } = await openFull();
    const stopped = everything(spool);
    await take(stopped, 1);
    const both = await Promise.all([drain(everything(spool)), drain(everything(spool))]);
    for (const { ids: found, error } of both) expect([found.sort(), error]).toEqual([ids.flat().sort(), null]);
    const { ids: rest } = await drain(stopped);
    expect(rest).toHaveLength(ids.flat().length - 1);
  });

  it("has at most two unread frames of a shard, however long it is not read", async () => {
    const { spool, ids } = await openFull();
    const { entries } = ShardClient.prototype;
    const outstanding = [0, 0];
    let most = 0;
    let credits = 0;
    vi.spyOn(ShardClient.prototype, "entries").mockImplementation(async function (this: ShardClient, createdBeforeMs) {
      const { index } = this;
      const port: MessagePort = await entries.call(this, createdBeforeMs);
      const post = port.postMessage.bind(port);
      let frames = 0;
      port.postMessage = (...given: Parameters<MessagePort["postMessage"]>) => {
        // Messages before the first frame are the first credits. Each later one is the credit for a frame that was
        // read.
        if (frames === 0) credits++;
        else outstanding[index]! -= 1;
        post(...given);
      };
      port.on("message", (message: unknown) => {
        if (!(message instanceof ArrayBuffer)) return;
        frames++;
        most = Math.max(most, ++outstanding[index]!);
      });
      return port;
    });
    const reading = everything(spool);
    await take(reading, 1);
    await expect.poll(() => outstanding).toEqual([2, 2]);
    const { ids: rest } = await drain(reading);
    expect(rest).toHaveLength(ids.flat().length - 1);
    expect([credits, most]).toEqual([2 * SHARDS, 2]);
  });

  it("in which a thread dies reads the other shards to the end, then names the shard", async () => {
    const { spool, faults, ids } = await openFull();
    faults.shard(0).exitAt("enumerate", { after: 2, exitCode: 0 });
    const { ids: found, error } = await drain(everything(spool));
    expect(found.filter((id) => ids[1].includes(id)).sort()).toEqual(ids[1].toSorted());
    const partly = found.filter((id) => ids[0].includes(id));
    expect(partly.length).toBeLessThan(MESSAGES_A_SHARD);
    expect(new Set(found).size).toBe(found.length);
    expect(error).toMatchObject({ code: "SPOOL_ENGINE", shards: [0], cause: { code: "SPOOL_SHARD_LOST", shard: 0 } });
  });

  it("in which every thread dies names every shard", async () => {
    const { spool, faults } = await openFull();
    for (const shard of [0, 1]) faults.shard(shard).exitAt("enumerate", { exitCode: 0 });
    const { ids, error } = await drain(everything(spool));
    expect(ids).toEqual([]);
    expect(error).toMatchObject({ code: "SPOOL_ENGINE", message: expect.stringMatching(/^enumeration failed in /) });
    expect((error as { shards: number[] }).shards.toSorted()).toEqual([0, 1]);
  });
});

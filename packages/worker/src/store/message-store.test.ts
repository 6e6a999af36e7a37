import { describe, expect, it, onTestFinished, vi } from "vitest";
import { blockOf } from "../../test/blocks.ts";
import { flipByte } from "../../test/damage.ts";
import { key } from "../../test/frames.ts";
import { encodePlace } from "../../test/places.ts";
import { checkpoint, message, placesIn, TestShard, texts, write } from "../../test/test-shard.ts";
import type { StoreCall } from "../engine/engine.ts";
import * as memory from "../engine/memory-engine.ts";
import { bootId } from "../log/boot-id.ts";
import { placeOf } from "../log/log-mark.ts";
import type { Place } from "../log/place.ts";
import { segmentPath } from "../log/segment-file.ts";
import type { MessageStore } from "./message-store.ts";

async function openStore(segmentBytes?: number): Promise<{ shard: TestShard; store: MessageStore }> {
  const shard = new TestShard(memory, segmentBytes);
  const { store } = await shard.openSound();
  onTestFinished(() => store.close().catch(() => {}));
  return { shard, store };
}

const broken = (): Error => new Error("input/output error");

describe("a write", () => {
  it("stores, replaces and removes, in the order of the blocks and of their records", async () => {
    const { store } = await openStore();
    await write(store, message(1, "a"), message(1, "b"), message(2, "c"), { id: 2 }, { id: 3 }, message(3, "d"));
    expect(await texts(store, 1, 2, 3, 4)).toStrictEqual(["b", null, "d", null]);
    await write(store, { id: 1 }, message(4, ""));
    expect(await texts(store, 1, 2, 3, 4)).toStrictEqual([null, null, "d", ""]);
    expect(store.records).toBe(8);
  });

  it("that the log refuses changes nothing, and the next one is written", async () => {
    const { store } = await openStore();
    await write(store, message(1, "a"));
    vi.spyOn(store.log, "append").mockImplementationOnce(() => {
      throw broken();
    });
    await expect(write(store, message(1, "b"), message(2, "c"))).rejects.toThrow("input/output error");
    expect(await texts(store, 1, 2)).toStrictEqual(["a", null]);
    await write(store, message(2, "d"));
    expect(await texts(store, 1, 2)).toStrictEqual(["a", "d"]);
  });
});

describe("an index batch that fails", () => {
  it("is carried first by the next batch, also when several fail", async () => {
    const { store } = await openStore();
    const writing = vi.spyOn(store.index, "write");
    await write(store, message(1, "a"));
    writing.mockRejectedValueOnce(broken()).mockRejectedValueOnce(broken());
    await expect(write(store, message(1, "b"), message(2, "c"))).rejects.toThrow("input/output error");
    await expect(write(store, { id: 2 }, message(3, "d"))).rejects.toThrow("input/output error");
    expect(await texts(store, 1, 2, 3)).toStrictEqual(["a", null, null]);
    await write(store, message(1, "e"));
    expect(await texts(store, 1, 2, 3)).toStrictEqual(["e", null, "d"]);
  });

  it("needs nothing of the frame's buffer any more", async () => {
    const { store } = await openStore();
    vi.spyOn(store.index, "write").mockRejectedValueOnce(broken());
    const block = blockOf(message(1, "a"));
    await expect(store.write([block])).rejects.toThrow("input/output error");
    block.table.fill(0);
    await write(store, message(2, "b"));
    expect(await texts(store, 1, 2)).toStrictEqual(["a", "b"]);
  });

  it("is applied before the index is said to hold anything", async () => {
    const { shard, store } = await openStore();
    vi.spyOn(store.index, "write").mockRejectedValueOnce(broken());
    await expect(write(store, message(1, "a"))).rejects.toThrow("input/output error");
    await checkpoint(store);
    await store.mark();
    expect(await texts(store, 1)).toStrictEqual(["a"]);
    expect((await shard.mark()).applied.block).toBe(1);
  });

  it("that fails again keeps the position where it was", async () => {
    const { store } = await openStore();
    const writing = vi.spyOn(store.index, "write").mockRejectedValue(broken());
    await expect(write(store, message(1, "a"))).rejects.toThrow("input/output error");
    await expect(store.noteApplied()).rejects.toThrow("input/output error");
    writing.mockRestore();
    expect(await store.noteApplied()).toStrictEqual(store.log.end);
    expect(await texts(store, 1)).toStrictEqual(["a"]);
  });
});

describe("a load", () => {
  it("is null for what is not there, and an error for a body that is damaged; the others are answered", async () => {
    const { shard, store } = await openStore();
    await write(store, message(1, "one"), message(2, "two"), message(3, "three"));
    flipByte(segmentPath(shard.logPath, 1), store.log.end.offset - "three".length - 1);
    const found = await store.load([1, 2, 3, 4].map(key));
    expect(found[1]).toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption", path: shard.path });
    expect((found[1] as Error).cause).toMatchObject({ name: "CorruptBodyError" });
    expect(await texts(store, 1, 3, 4)).toStrictEqual(["one", "three", null]);
  });

  it("reads neighbours and bodies that lie far from each other, in any order and twice", async () => {
    const { store } = await openStore();
    const ids = Array.from({ length: 60 }, (_, i) => i + 1);
    for (const id of ids) await write(store, { id, data: Buffer.alloc(id % 7 === 0 ? 20_000 : id, id) });
    const wanted = [...ids].reverse().concat(ids.slice(0, 20));
    const found = await store.load(wanted.map(key));
    wanted.forEach((id, i) => {
      expect(Buffer.alloc(id % 7 === 0 ? 20_000 : id, id).equals(found[i] as Uint8Array)).toBe(true);
    });
  });

  it("fails every id where the index cannot be read", async () => {
    const { store } = await openStore();
    vi.spyOn(store.index, "getMany").mockRejectedValueOnce(broken());
    expect(await texts(store, 1, 2)).toStrictEqual(["input/output error", "input/output error"]);
  });

  it("of an entry that is no place says so", async () => {
    const { store } = await openStore();
    await store.index.write((batch) => batch.put(key(1), Buffer.from("no place")));
    expect(await texts(store, 1)).toStrictEqual(["an entry of the index is no place"]);
  });
});

describe("a place that is older than the read", () => {
  /**
   * Messages 1 to 3 in segments of their own, with their places; 1 is moved, 2 replaced, 3 removed since, and the
   * segments unlinked.
   */
  async function stale() {
    const { store } = await openStore(1);
    const ids = [1, 2, 3].map(key);
    for (const id of [1, 2, 3]) await write(store, message(id, `old ${id}`));
    const places = await store.places(ids);
    await write(store, message(1, "old 1"));
    await write(store, message(2, "new 2"));
    await write(store, { id: 3 });
    await checkpoint(store, 4);
    return { store, ids, places };
  }

  it("is looked up again: moved, replaced and removed messages are as they are now", async () => {
    const { store, ids, places } = await stale();
    const found = await store.messagesAt(ids, places);
    expect(found.map((one) => one && Buffer.from(one as Uint8Array).toString())).toStrictEqual([
      "old 1",
      "new 2",
      null,
    ]);
  });

  it("stays an error where the index still names it", async () => {
    const { store, ids, places } = await stale();
    vi.spyOn(store.index, "getMany").mockResolvedValueOnce([encodePlace(places[0] as Place), null, null]);
    const [first, second] = await store.messagesAt(ids, places);
    expect(first).toMatchObject({ kind: "corruption", message: expect.stringContaining("the message log has no") });
    expect(second).toBeNull();
  });

  it("is the error that the second look-up met", async () => {
    const { store, ids, places } = await stale();
    const error = broken();
    vi.spyOn(store.index, "getMany").mockResolvedValueOnce([error, error, null]);
    expect(await store.messagesAt(ids, places)).toStrictEqual([error, error, null]);
  });
});

describe("a sync", () => {
  it("is needed after a write, and covers all that was written before it", async () => {
    const { store } = await openStore(1);
    expect(store.isSynced).toBe(true);
    for (const id of [1, 2, 3]) await write(store, message(id, "a"));
    expect(store.isSynced).toBe(false);
    const syncing = store.sync();
    await write(store, message(4, "b"));
    await syncing;
    expect([store.isSynced, store.log.syncedThrough]).toStrictEqual([false, 3]);
    await store.sync();
    expect(store.isSynced).toBe(true);
  });

  it("that fails is final: the mark says so, and no later one succeeds", async () => {
    const { shard, store } = await openStore();
    await write(store, message(1, "a"));
    const syncing = vi.spyOn(store.log, "sync").mockRejectedValueOnce(broken());
    await expect(store.sync()).rejects.toMatchObject({ message: "input/output error", path: shard.path });
    expect(store.syncFailure?.message).toBe("input/output error");
    await expect(store.sync()).rejects.toBe(store.syncFailure);
    expect(syncing).toHaveBeenCalledTimes(1);
    expect(await shard.mark()).toMatchObject({ failed: true, synced: 0 });
    expect(await texts(store, 1)).toStrictEqual(["a"]);
  });
});

describe("the mark", () => {
  it("names what is synced: segments, their ends, the newest block", async () => {
    const { shard, store } = await openStore(1);
    for (const id of [1, 2]) await write(store, message(id, "a"));
    await store.sync();
    await write(store, message(3, "not synced"));
    await store.mark();
    const ends = store.log.segments.map(({ segment, end }) => [segment, end]);
    expect(await shard.mark()).toMatchObject({
      spool: "0123456789abcdef",
      shard: 0,
      boot: bootId(),
      place: placeOf(shard.logPath),
      clean: false,
      epoch: 1,
      segments: ends.slice(0, 2),
      synced: 2,
      index: "shard-000",
      failed: false,
    });
  });

  it("is due when something was synced, or the index flushed, since the last one", async () => {
    const { store } = await openStore();
    const due: boolean[] = [store.isMarkDue];
    await write(store, message(1, "a"));
    due.push(store.isMarkDue);
    await store.sync();
    due.push(store.isMarkDue);
    await store.mark();
    due.push(store.isMarkDue);
    await checkpoint(store);
    due.push(store.isMarkDue);
    await store.mark();
    due.push(store.isMarkDue);
    expect(due).toStrictEqual([false, false, true, false, true, false]);
  });

  it("names no segment that was unlinked, whether or not one was left behind", async () => {
    const { shard, store } = await openStore(1);
    for (const id of [1, 2, 3]) await write(store, message(id, "a"));
    await write(store, { id: 1 });
    await checkpoint(store, 2);
    expect((await shard.mark()).segments.map(([segment]) => segment)).toStrictEqual([2, 3, 4]);
    expect(store.log.segments.map(({ segment }) => segment)).toStrictEqual([2, 3, 4]);
  });
});

describe("noteApplied()", () => {
  it("gives the end of what is indexed, once", async () => {
    const { store } = await openStore();
    expect(await store.noteApplied()).toBeNull();
    await write(store, message(1, "a"));
    const position = await store.noteApplied();
    expect(position).toStrictEqual(store.log.end);
    await store.flushIndex(position as NonNullable<typeof position>);
    expect(await store.noteApplied()).toBeNull();
  });
});

describe("hooks", () => {
  it("are around each write, sync and load, and their failure is that of the call", async () => {
    const calls: StoreCall[] = [];
    let failing = false;
    const shard = new TestShard({
      openEngine: memory.openEngine,
      storeHooks: () => ({
        around: async (call, work) => {
          calls.push(call);
          if (failing) throw broken();
          return work();
        },
      }),
    });
    const { store } = await shard.openSound();
    onTestFinished(() => store.close());
    await write(store, message(1, "a"));
    await store.sync();
    expect(await texts(store, 1)).toStrictEqual(["a"]);
    expect(calls).toStrictEqual(["write", "sync", "read"]);
    failing = true;
    await expect(write(store, message(1, "b"))).rejects.toThrow("input/output error");
    expect(await texts(store, 1)).toStrictEqual(["input/output error"]);
    failing = false;
    expect(await texts(store, 1)).toStrictEqual(["a"]);
    expect((await placesIn(store)).size).toBe(1);
  });
});

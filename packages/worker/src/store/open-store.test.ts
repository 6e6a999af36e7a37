import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { cutRecords, filesOf, flipByte, manifestOf } from "../../test/damage.ts";
import { checkpoint, closeInOrder, message, placesIn, TestShard, texts, write } from "../../test/test-shard.ts";
import * as memory from "../engine/memory-engine.ts";
import { segmentPath } from "../log/segment-file.ts";
import * as rocksdb from "../rocksdb/rocksdb-engine.ts";
import type { MessageStore } from "./message-store.ts";

/** A shard with message 1 replaced, 2 removed, 3 stored, that was closed in good order. */
async function closedShard(): Promise<TestShard> {
  const shard = new TestShard(rocksdb);
  const { store } = await shard.openSound();
  await fill(store);
  await closeInOrder(store);
  return shard;
}

async function fill(store: MessageStore): Promise<void> {
  await write(store, message(1, "old"), message(2, "gone"));
  await write(store, message(1, "new"), { id: 2 });
  await write(store, message(3, "three"));
}

/** What was filled is there, and the shard takes more. */
async function holdsAll(store: MessageStore): Promise<void> {
  expect(await texts(store, 1, 2, 3)).toStrictEqual(["new", null, "three"]);
  await write(store, message(4, "four"));
  await store.sync();
  expect(await texts(store, 4)).toStrictEqual(["four"]);
}

const REBUILT = [expect.stringMatching(/^the index is made anew: /)];

describe("a shard that was closed in good order", () => {
  it("is opened with its index as it was", async () => {
    const shard = await closedShard();
    expect(await shard.mark()).toMatchObject({ clean: true, index: "shard-000", applied: { block: 3 } });
    const { store, notes } = await shard.openSound();
    onTestFinished(() => store.close());
    expect([notes, store.indexName]).toStrictEqual([[], "shard-000"]);
    expect(await shard.mark()).toMatchObject({ clean: false, synced: 3 });
    await holdsAll(store);
  });

  it("is believed in another boot and another place too", async () => {
    const shard = await closedShard();
    await shard.changeMark({ boot: "another boot", place: "1:2" });
    const { store, notes } = await shard.openSound();
    onTestFinished(() => store.close());
    expect([notes, store.indexName]).toStrictEqual([[], "shard-000"]);
    await holdsAll(store);
  });

  it.each<[string, (path: string) => void]>([
    ["its directory", (path) => rmSync(path, { recursive: true })],
    ["everything in it", (path) => [rmSync(path, { recursive: true }), mkdirSync(path)]],
    ["a table", (path) => rmSync(filesOf(path, ".sst")[0] as string)],
    ["CURRENT", (path) => rmSync(join(path, "CURRENT"))],
    ["its MANIFEST", (path) => rmSync(manifestOf(path))],
    ["the last records of its MANIFEST", (path) => cutRecords(manifestOf(path), 2)],
    ["half of its MANIFEST", (path) => truncateSync(manifestOf(path), statSync(manifestOf(path)).size >> 1)],
    ["the end of a table", (path) => truncateSync(filesOf(path, ".sst")[0] as string, 100)],
  ])("has its index made anew where it has lost %s, and loses no message", async (_, damage) => {
    const shard = await closedShard();
    damage(shard.path);
    const { store, notes } = await shard.openSound();
    expect(notes).toStrictEqual(REBUILT);
    expect(store.indexName).toBe("shard-000-index-2");
    await holdsAll(store);
    expect(await shard.mark()).toMatchObject({ index: "shard-000-index-2" });
    // The old index is gone: the next opening serves the new one.
    expect(existsSync(shard.path)).toBe(false);
    await closeInOrder(store);
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect([again.notes, again.store.indexName]).toStrictEqual([[], "shard-000-index-2"]);
    await holdsAll(again.store);
  });

  it("has its index made anew a second and a third time, each in another directory", async () => {
    const shard = await closedShard();
    for (const [from, to] of [
      ["shard-000", "shard-000-index-2"],
      ["shard-000-index-2", "shard-000-index-3"],
      ["shard-000-index-3", "shard-000-index-4"],
    ] as const) {
      rmSync(join(shard.root, from), { recursive: true });
      const { store } = await shard.openSound();
      expect(store.indexName).toBe(to);
      await holdsAll(store);
      await closeInOrder(store);
    }
    expect(readdirSync(shard.root).sort()).toStrictEqual(["shard-000-index-4", "shard-000-messages", "shard-000.mark"]);
  });
});

describe("a crash within the same boot", () => {
  it("is followed by the blocks that the index does not hold, in order", async () => {
    const shard = new TestShard(rocksdb);
    const { store } = await shard.openSound();
    await write(store, message(1, "old"), message(2, "gone"));
    await checkpoint(store);
    await store.mark();
    await write(store, message(1, "new"), { id: 2 });
    await write(store, message(3, "three"));
    await store.close();
    // What the process did not get to: RocksDB's own log is lost.
    for (const file of filesOf(shard.path, ".log")) rmSync(file);
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect([again.notes, again.store.indexName]).toStrictEqual([[], "shard-000"]);
    await holdsAll(again.store);
  });

  it("leaves a torn last block behind, with a note", async () => {
    const shard = new TestShard(rocksdb);
    const { store } = await shard.openSound();
    await fill(store);
    const { segment, offset } = store.log.end;
    await write(store, message(1, "torn"));
    await store.close();
    truncateSync(segmentPath(shard.logPath, segment), offset + 50);
    rmSync(shard.path, { recursive: true });
    const again = await shard.openSound();
    expect(again.notes).toContainEqual(expect.stringMatching(/^left behind, torn and not synced: 0000000001\.seg/));
    await holdsAll(again.store);
    await again.store.close();
    // It stays behind: the log goes on in another segment.
    const third = await shard.openSound();
    onTestFinished(() => third.store.close());
    expect(third.notes).toStrictEqual([]);
    await holdsAll(third.store);
  });

  it("of a shard that was copied or moved is one in another place: the index is made anew", async () => {
    const shard = new TestShard(rocksdb);
    const { store } = await shard.openSound();
    await fill(store);
    await store.sync();
    await store.close();
    cpSync(shard.logPath, `${shard.logPath}-copy`, { recursive: true });
    rmSync(shard.logPath, { recursive: true });
    renameSync(`${shard.logPath}-copy`, shard.logPath);
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect(again.notes).toStrictEqual([expect.stringContaining("not closed in good order")]);
    await holdsAll(again.store);
  });

  it("in the middle of a rebuild leaves a directory that the next opening removes", async () => {
    const shard = await closedShard();
    cpSync(shard.path, join(shard.root, "shard-000-index-2"), { recursive: true });
    writeFileSync(join(shard.root, "shard-000-index-2", "CURRENT"), "half");
    const { store, notes } = await shard.openSound();
    expect([notes, store.indexName]).toStrictEqual([[], "shard-000"]);
    expect(readdirSync(shard.root).sort()).toStrictEqual(["shard-000", "shard-000-messages", "shard-000.mark"]);
    await holdsAll(store);
    await store.close();
    // The same where the index is to be made anew again: nothing of the left one is used.
    mkdirSync(join(shard.root, "shard-000-index-2"));
    writeFileSync(join(shard.root, "shard-000-index-2", "CURRENT"), "half");
    rmSync(join(shard.path, "CURRENT"));
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect(again.store.indexName).toBe("shard-000-index-2");
    await holdsAll(again.store);
  });

  it("between the mark of a cleaning and the unlinking leaves segments that the next opening removes", async () => {
    const shard = new TestShard(memory, 1);
    const { store } = await shard.openSound();
    await fill(store);
    await checkpoint(store);
    vi.spyOn(store.log, "unlinkBefore").mockImplementation(() => {});
    await write(store, message(1, "new"));
    await checkpoint(store, 3);
    expect(filesOf(shard.logPath, ".seg")).toHaveLength(4);
    await store.close();
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect(filesOf(shard.logPath, ".seg").map((path) => basename(path))).toStrictEqual([
      "0000000003.seg",
      "0000000004.seg",
    ]);
    await holdsAll(again.store);
  });
});

describe("a power cut", () => {
  it("has the index made anew, which may hold entries for blocks that are gone", async () => {
    const shard = new TestShard(rocksdb);
    const { store } = await shard.openSound();
    await fill(store);
    await store.sync();
    await store.mark();
    const { segment, offset } = store.log.end;
    // The index is flushed, the log is not synced: the entries outlive the block.
    await write(store, message(1, "unsynced"), { id: 3 }, message(5, "five"));
    await store.index.flush();
    await store.close();
    truncateSync(segmentPath(shard.logPath, segment), offset);
    await shard.anotherBoot();
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect(again.notes).toStrictEqual([expect.stringContaining("not closed in good order")]);
    expect(await texts(again.store, 5)).toStrictEqual([null]);
    await holdsAll(again.store);
  });

  it("that tore a body in the middle brings back the synced version that this block replaced", async () => {
    const shard = new TestShard(rocksdb);
    const { store } = await shard.openSound();
    await fill(store);
    await store.sync();
    await store.mark();
    await write(store, message(1, "unsynced"));
    const { segment, offset } = store.log.end;
    await write(store, message(5, "five"));
    await store.close();
    flipByte(segmentPath(shard.logPath, segment), offset - 1);
    await shard.anotherBoot();
    const again = await shard.openSound();
    expect(again.notes).toContainEqual(expect.stringContaining("torn"));
    expect(await texts(again.store, 5)).toStrictEqual(["five"]);
    await holdsAll(again.store);
    await again.store.close();
    // The hole is in the mark: the next rebuild leaves it out too.
    expect((await shard.mark()).holes).toHaveLength(1);
    rmSync(join(shard.root, again.store.indexName), { recursive: true });
    const third = await shard.openSound();
    onTestFinished(() => third.store.close());
    await holdsAll(third.store);
  });
});

describe("after a sync that failed", () => {
  async function afterFailedSync(): Promise<{ shard: TestShard; tail: { segment: number; offset: number } }> {
    const shard = new TestShard(rocksdb);
    const { store } = await shard.openSound();
    await write(store, message(1, "old"), message(2, "gone"));
    await store.sync();
    await store.mark();
    const tail = store.log.end;
    await write(store, message(1, "new"), { id: 2 });
    await write(store, message(3, "three"));
    vi.spyOn(store.log, "sync").mockRejectedValue(new Error("input/output error"));
    await expect(store.sync()).rejects.toThrow("input/output error");
    expect(await shard.mark()).toMatchObject({ failed: true, synced: 1 });
    await store.close();
    return { shard, tail };
  }

  it("what was not synced is written again, synced, and only then in the mark", async () => {
    const { shard, tail } = await afterFailedSync();
    const { store } = await shard.openSound();
    await holdsAll(store);
    const mark = await shard.mark();
    expect(mark).toMatchObject({ failed: false, synced: 5 });
    expect(mark.holes).toStrictEqual([[tail.segment, tail.offset, expect.any(Number)]]);
    await store.close();
    // The kernel had dropped it: a power cut shows what is really there.
    const file = segmentPath(shard.logPath, tail.segment);
    const { size } = statSync(file);
    truncateSync(file, tail.offset);
    truncateSync(file, size);
    await shard.anotherBoot();
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    await holdsAll(again.store);
  });

  it("and a rebuild nothing is there twice or older than it was", async () => {
    const { shard } = await afterFailedSync();
    rmSync(shard.path, { recursive: true });
    const { store } = await shard.openSound();
    onTestFinished(() => store.close());
    await holdsAll(store);
    expect((await placesIn(store)).size).toBe(3);
  });
});

describe("a loss", () => {
  it.each<[string, (shard: TestShard) => void, RegExp]>([
    ["is missing", ({ markPath }) => rmSync(markPath), /^the mark .* is missing$/],
    ["is damaged", ({ markPath }) => flipByte(markPath, 10), /^the mark .* cannot be read: /],
  ])("is told where the mark %s, all of the log is served, and no file is changed", async (_, damage, reason) => {
    const shard = await closedShard();
    damage(shard);
    const listed = (): string[] => readdirSync(shard.root, { recursive: true, encoding: "utf8" }).sort();
    const before = listed();
    for (let round = 0; round < 2; round++) {
      const { store, loss } = await shard.openWithLoss();
      expect(loss).toStrictEqual({ reason: expect.stringMatching(reason), missing: null });
      expect(await texts(store, 1, 2, 3)).toStrictEqual(["new", null, "three"]);
      await store.close();
      expect(listed()).toStrictEqual(before);
    }
  });

  it("leaves nothing to serve where the directory of the log is missing", async () => {
    const shard = await closedShard();
    rmSync(shard.logPath, { recursive: true });
    const reason = "the directory of the message log is missing";
    expect(await shard.open()).toStrictEqual({ reason, missing: { from: 1, to: 3 } });
  });

  it("is told for a segment, everything else is served, and no file is changed", async () => {
    const shard = new TestShard(rocksdb, 1);
    const { store } = await shard.openSound();
    await fill(store);
    await closeInOrder(store);
    rmSync(segmentPath(shard.logPath, 3));
    const listed = (): string[] => readdirSync(shard.root, { recursive: true, encoding: "utf8" }).sort();
    const [before, mark] = [listed(), readFileSync(shard.markPath, "utf8")];
    const opened = await shard.openWithLoss();
    expect(opened.loss).toStrictEqual({ reason: "0000000003.seg is missing", missing: { from: 3, to: 3 } });
    expect(await texts(opened.store, 1, 2, 3)).toStrictEqual(["new", null, null]);
    await opened.store.close();
    expect([listed(), readFileSync(shard.markPath, "utf8")]).toStrictEqual([before, mark]);
  });

  it("is told for a damaged block that the index would have to be made from", async () => {
    const shard = await closedShard();
    flipByte(segmentPath(shard.logPath, 1), 64 + 20);
    rmSync(shard.path, { recursive: true });
    const { store, loss } = await shard.openWithLoss();
    onTestFinished(() => store.close());
    expect(loss).toMatchObject({
      reason: expect.stringMatching(/^the message log is damaged: 0000000001\.seg from 64/),
    });
    expect(await texts(store, 1, 3)).toStrictEqual(["new", "three"]);
  });

  it("is told with its block numbers for a block behind the mark that was synced", async () => {
    const shard = new TestShard(rocksdb);
    const { store } = await shard.openSound();
    await fill(store);
    await store.sync();
    await write(store, message(4, "four"));
    await store.close();
    flipByte(segmentPath(shard.logPath, 1), 64 + 20);
    await shard.anotherBoot();
    const opened = await shard.openWithLoss();
    onTestFinished(() => opened.store.close());
    expect(opened.loss).toMatchObject({ missing: { from: 1, to: 1 } });
    expect(await texts(opened.store, 1, 3, 4)).toStrictEqual(["new", "three", "four"]);
  });
});

describe("an index in memory", () => {
  it("is made anew from the log at each opening", async () => {
    const shard = new TestShard(memory);
    const first = await shard.openSound();
    await fill(first.store);
    await closeInOrder(first.store);
    for (let round = 0; round < 3; round++) {
      const { store } = await shard.openSound();
      await holdsAll(store);
      await (round === 1 ? store.close() : closeInOrder(store));
    }
  });
});

it("an index that another process has open is not made anew: the opening fails", async () => {
  const shard = await closedShard();
  const other = await rocksdb.openEngine(shard.path, { ...shard.options, mode: "existing" });
  onTestFinished(() => other.close());
  await expect(shard.open()).rejects.toMatchObject({ code: "SPOOL_LOCKED" });
  expect(readdirSync(shard.root).sort()).toStrictEqual(["shard-000", "shard-000-messages", "shard-000.mark"]);
});

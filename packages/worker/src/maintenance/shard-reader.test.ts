import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { MessageChannel } from "node:worker_threads";
import { SpoolId, shardOf } from "@rockspool/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { blockOf } from "../../test/blocks.ts";
import { flipByte } from "../../test/damage.ts";
import { listing } from "../../test/temporary-directory.ts";
import { closeInOrder, IDENTITY, TestShard } from "../../test/test-shard.ts";
import * as memory from "../engine/memory-engine.ts";
import { segmentPath } from "../log/segment-file.ts";
import type { ReadMode, ShardRecord, ShardVerdict } from "../protocol/maintenance-protocol.ts";
import type { MessageStore } from "../store/message-store.ts";
import { readShard } from "./shard-reader.ts";

interface Read {
  /** Each message with a `?` if it is doubtful. */
  readonly messages: readonly string[];
  readonly corrupt: readonly string[];
  readonly damage: readonly { file: string; offset: number; length: number }[];
  readonly counted: readonly { messages: number; bytes: number }[];
  readonly verdict: ShardVerdict;
}

async function read(
  shard: TestShard,
  mode: ReadMode = "read",
  more: { shards?: number; spool?: null } = {},
): Promise<Read> {
  const { port1: port } = new MessageChannel();
  onTestFinished(() => port.close());
  const { path, logPath, markPath } = shard;
  const task = { index: 0, path, logPath, markPath, spool: IDENTITY.spool, shards: 1, mode, port, ...more };
  const records: ShardRecord[] = [];
  for await (const record of readShard(task)) records.push(record);
  const ofKind = <K extends ShardRecord["kind"]>(kind: K) =>
    records.filter((record): record is Extract<ShardRecord, { kind: K }> => record.kind === kind);
  expect(records.at(-1)?.kind).toBe("verdict");
  return {
    messages: ofKind("message").map(({ data, doubtful }) => Buffer.from(data).toString() + (doubtful ? "?" : "")),
    corrupt: ofKind("corrupt").map(({ why }) => why),
    damage: ofKind("damage").map(({ file, offset, length }) => ({ file, offset, length })),
    counted: ofKind("counted").map(({ messages, bytes }) => ({ messages, bytes })),
    verdict: ofKind("verdict")[0] as ShardVerdict,
  };
}

const SOUND = { kind: "verdict", state: "sound", reason: null, missing: null, source: "log" };
const ids = Array.from({ length: 6 }, () => SpoolId.generate().toBytes());

/** For each block what it stores under which of `ids`; null removes. */
type Block = Record<number, string | null>;

async function write(store: MessageStore, block: Block): Promise<void> {
  const changes = Object.entries(block).map(([i, text]) => {
    const id = ids[Number(i)] as Uint8Array;
    return text === null ? { id } : { id, data: Buffer.from(text) };
  });
  await store.write([blockOf(...changes)]);
}

/** A closed shard of these blocks, each in a segment of its own where `segmentBytes` is small. */
async function closedShard(blocks: readonly Block[], segmentBytes = 1): Promise<TestShard> {
  const shard = new TestShard(memory, segmentBytes);
  const { store } = await shard.openSound();
  for (const block of blocks) await write(store, block);
  await closeInOrder(store);
  return shard;
}

const BLOCKS: Block[] = [{ 0: "old", 1: "gone" }, { 2: "two" }, { 0: "new", 1: null }, { 3: "three" }];

describe("a shard that is not open", () => {
  it("is read without its index: the newest version of each message, and no removed one", async () => {
    const shard = await closedShard(BLOCKS);
    const before = listing(shard.root);
    expect(await read(shard)).toStrictEqual({
      messages: ["two", "new", "three"],
      corrupt: [],
      damage: [],
      counted: [],
      verdict: SOUND,
    });
    expect(listing(shard.root)).toStrictEqual(before);
  });

  it("is read up to its newest block after a crash", async () => {
    const shard = new TestShard(memory, 1);
    const { store } = await shard.openSound();
    for (const block of BLOCKS) await write(store, block);
    await store.close();
    expect(await read(shard)).toMatchObject({ messages: ["two", "new", "three"], verdict: SOUND });
  });

  it("is only counted by verify, a thousand messages at a time", async () => {
    const shard = new TestShard(memory);
    const { store } = await shard.openSound();
    for (let round = 0; round < 5; round++) {
      const changes = Array.from({ length: 250 }, () => ({ id: SpoolId.generate().toBytes(), data: Buffer.alloc(10) }));
      await store.write([blockOf(...changes)]);
    }
    await closeInOrder(store);
    const { messages, counted, verdict } = await read(shard, "verify");
    expect(messages).toStrictEqual([]);
    expect(counted).toStrictEqual([
      { messages: 1000, bytes: 10_000 },
      { messages: 250, bytes: 2500 },
    ]);
    expect(verdict).toStrictEqual(SOUND);
  });

  it("tells a damaged body with its id, and everything else is read", async () => {
    const shard = await closedShard(BLOCKS);
    flipByte(segmentPath(shard.logPath, 2), 64 + 64 + 40);
    expect(await read(shard)).toMatchObject({
      messages: ["new", "three"],
      corrupt: ["its body does not match its checksum"],
      verdict: SOUND,
    });
  });

  it("tells ids that are none, and those of another shard", async () => {
    const shard = new TestShard(memory);
    const { store } = await shard.openSound();
    await store.write([blockOf({ id: 5, data: Buffer.from("no id") })]);
    const elsewhere = ids.filter((id) => shardOf(id, 2) === 1);
    for (const id of elsewhere) await store.write([blockOf({ id, data: Buffer.from("elsewhere") })]);
    await closeInOrder(store);
    const { messages, corrupt } = await read(shard, "read", { shards: 2 });
    expect(messages).toStrictEqual([]);
    expect(corrupt).toStrictEqual(["its key is no SpoolId", ...elsewhere.map(() => "it belongs to shard 1")]);
  });

  it("does not list the record of a proof", async () => {
    const shard = new TestShard(memory);
    const { store } = await shard.openSound();
    await store.write([blockOf({ id: Buffer.alloc(16), data: Buffer.from("proof") })]);
    await closeInOrder(store);
    expect(await read(shard)).toMatchObject({ messages: [], corrupt: [], verdict: SOUND });
  });
});

describe("what is missing", () => {
  it("in a damaged block is told, and what is older is doubtful: that block may have removed it", async () => {
    const shard = await closedShard(BLOCKS);
    const file = segmentPath(shard.logPath, 3);
    flipByte(file, 64 + 20);
    const { messages, damage, verdict } = await read(shard);
    expect(messages).toStrictEqual(["old?", "gone?", "two?", "three"]);
    expect(damage).toStrictEqual([{ file, offset: 64, length: 64 + 2 * 40 + 3 }]);
    expect(verdict).toMatchObject({
      state: "loss",
      reason: expect.stringMatching(/^the message log is damaged: 0000000003\.seg from 64 to 211$/),
    });
  });

  it("in the middle of a segment leaves the blocks behind it certain", async () => {
    const shard = await closedShard(BLOCKS, 64 * 1024);
    // The header of the second block.
    flipByte(segmentPath(shard.logPath, 1), 64 + 64 + 80 + 7 + 20);
    const { messages, damage, verdict } = await read(shard);
    expect(messages).toStrictEqual(["new", "three"]);
    expect([damage.length, verdict.state]).toStrictEqual([1, "loss"]);
  });

  it("with a segment is told, and what is older is doubtful", async () => {
    const shard = await closedShard(BLOCKS);
    rmSync(segmentPath(shard.logPath, 3));
    const { messages, verdict } = await read(shard);
    expect(messages).toStrictEqual(["old?", "gone?", "two?", "three"]);
    expect(verdict).toMatchObject({ state: "loss", reason: "0000000003.seg is missing" });
  });

  it("at the end of a segment that was cut is told", async () => {
    const shard = await closedShard(BLOCKS);
    truncateSync(segmentPath(shard.logPath, 4), 100);
    const { messages, verdict } = await read(shard);
    expect(messages).toStrictEqual(["two?", "new?"]);
    expect(verdict).toMatchObject({ state: "loss", reason: expect.stringContaining("0000000004.seg has 100 bytes") });
  });

  it("with the mark is told, and all of the log is read, even if nothing else says whose it is", async () => {
    const shard = await closedShard(BLOCKS);
    rmSync(shard.markPath);
    const { messages, verdict } = await read(shard, "read", { spool: null });
    expect(messages).toStrictEqual(["two", "new", "three"]);
    expect(verdict).toMatchObject({ state: "loss", reason: expect.stringContaining("is missing"), source: "log" });
    writeFileSync(shard.markPath, "nonsense");
    expect((await read(shard)).verdict.reason).toContain("cannot be read");
  });

  it("with the directory of the log is all: nothing can be read", async () => {
    const shard = await closedShard(BLOCKS);
    rmSync(shard.logPath, { recursive: true });
    expect((await read(shard)).verdict).toStrictEqual({
      kind: "verdict",
      state: "unreadable",
      reason: "the directory of the message log is missing",
      missing: { from: 1, to: 4 },
      source: "nothing",
    });
  });
});

it("a block in a hole of the mark is not read: what it replaced is the newest version", async () => {
  const shard = await closedShard(BLOCKS);
  await shard.changeMark({ holes: [[3, 64, 64 + 64 + 2 * 40 + 3]] });
  const { messages, verdict } = await read(shard);
  expect(messages).toStrictEqual(["old", "gone", "two", "three"]);
  expect(verdict).toStrictEqual(SOUND);
});

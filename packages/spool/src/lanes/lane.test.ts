import {
  FRAME_BUFFER_BYTES,
  Frame,
  frameBytesFor,
  MAX_FRAME_BYTES,
  MAX_FRAME_RECORDS,
  Status,
  writeRecordBytes,
} from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { connectedLane } from "../../test/lane.ts";
import { endOfTurn } from "../../test/operations.ts";

const MANY = MAX_FRAME_RECORDS;
/** A frame with no more records than this is not sent beside others. */
const FEW = 15;

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe("a frame is sent", () => {
  it("at the end of the microtask turn, with all operations of that turn", async () => {
    const { shard, append } = connectedLane();
    append(3);
    expect(shard.posted).toHaveLength(0);
    await endOfTurn();
    expect(shard.contents).toEqual([[0, 1, 2]]);
  });

  it("with fewer than 16 records only when no other is in flight: later operations join it until then", async () => {
    const { lane, shard, append } = connectedLane();
    for (let turn = 0; turn < FEW; turn++) {
      append(1);
      await endOfTurn();
    }
    expect(shard.contents).toEqual([[0]]);
    shard.answer(lane);
    expect(shard.contents).toEqual([numbers(1, FEW - 1)]);
    shard.answer(lane);
    expect(shard.posted).toHaveLength(0);
  });

  it("as the second in flight with 16 records, or full", async () => {
    const { lane, shard, append } = connectedLane();
    append(1);
    await endOfTurn();
    append(FEW);
    await endOfTurn();
    expect(shard.sizes).toEqual([1]);
    append(1);
    await endOfTurn();
    expect(shard.sizes).toEqual([1, FEW + 1]);
    append(2 * MANY);
    await endOfTurn();
    expect(shard.sizes, "no third").toEqual([1, FEW + 1]);
    shard.answer(lane);
    expect(shard.sizes).toEqual([FEW + 1, MANY]);
  });

  it("as the second in flight that waits for a sync only when it is full", async () => {
    const { shard, append } = connectedLane();
    append(1, 1, true);
    await endOfTurn();
    append(MANY, 1, true);
    await endOfTurn();
    expect(shard.sizes, "full, but that shows only when the next record does not fit").toEqual([1]);
    append(1, 1, true);
    await endOfTurn();
    expect(shard.sizes).toEqual([1, MANY]);
  });

  it("beside one that waits for a sync, if it needs none itself", async () => {
    const { lane, shard, append } = connectedLane();
    append(1, 1, true);
    await endOfTurn();
    append(1);
    await endOfTurn();
    expect(shard.contents).toEqual([[0], [1]]);
    append(1);
    append(1, 1, true);
    append(1);
    shard.answer(lane, 1);
    expect(shard.contents, "the next frame needs a sync").toEqual([[0]]);
    shard.answer(lane, 0, Status.Synced);
    expect(shard.contents).toEqual([[2, 3, 4]]);
  });

  it("as the third in flight if all three are full and wait for a sync", async () => {
    const { lane, shard, append } = connectedLane();
    append(5 * MANY, 1, true);
    await endOfTurn();
    expect(shard.sizes).toEqual([MANY, MANY, MANY]);
    for (let answers = 0; answers < 3; answers++) shard.answer(lane, 0, Status.Synced);
    expect(shard.sizes).toEqual([MANY]);
    shard.answer(lane, 0, Status.Synced);
    expect(shard.contents).toEqual([numbers(4 * MANY, MANY)]);
  });

  it("full with 256 records, in the order of the operations", async () => {
    const { lane, shard, append } = connectedLane();
    append(2 * MANY + 10);
    append(1);
    await endOfTurn();
    expect(shard.sizes).toEqual([MANY, MANY]);
    append(MANY);
    shard.answer(lane);
    shard.answer(lane);
    expect(shard.contents).toEqual([numbers(2 * MANY, MANY)]);
    shard.answer(lane);
    expect(shard.contents).toEqual([numbers(3 * MANY, 11)]);
  });

  it("full with 1 MiB of records, to the last byte", async () => {
    const half = MAX_FRAME_BYTES / 2 - writeRecordBytes(0);
    const { lane, shard, append } = connectedLane();
    append(2, half);
    append(1, half);
    append(1, half + 1);
    await endOfTurn();
    expect(shard.contents).toEqual([[0, 1], [2]]);
    expect(shard.posted.map(({ byteLength }) => byteLength)).toEqual([FRAME_BUFFER_BYTES, FRAME_BUFFER_BYTES]);
    shard.answer(lane);
    shard.answer(lane);
    expect(shard.contents).toEqual([[3]]);
  });
});

describe("a message larger than a frame", () => {
  const HUGE = MAX_FRAME_BYTES + 1;

  it("has a frame of its own, of just the size it needs, and keeps its place in the order", async () => {
    const { lane, shard, append } = connectedLane();
    append(2);
    append(1, HUGE);
    append(2);
    await endOfTurn();
    expect(shard.contents).toEqual([[0, 1], [2]]);
    expect(shard.posted.map(({ byteLength }) => byteLength)).toEqual([
      FRAME_BUFFER_BYTES,
      frameBytesFor(writeRecordBytes(HUGE)),
    ]);
    shard.answer(lane);
    shard.answer(lane);
    expect(shard.contents).toEqual([[3, 4]]);
  });

  it("does not use a spare buffer, and its own does not become one", async () => {
    const { lane, shard, append } = connectedLane();
    append(1);
    await endOfTurn();
    shard.answer(lane);
    append(1, HUGE);
    await endOfTurn();
    expect(shard.answer(lane).byteLength).toBeGreaterThan(FRAME_BUFFER_BYTES);
    append(1);
    await endOfTurn();
    expect(shard.posted[0]?.byteLength).toBe(FRAME_BUFFER_BYTES);
  });
});

describe("the buffers of answered frames", () => {
  it("are used again, with nothing left in them of their last use", async () => {
    const { lane, shard, append } = connectedLane();
    const first = append(3);
    await endOfTurn();
    const buffer = shard.answer(lane, 0, Status.Synced);
    await endOfTurn();
    expect(first.map(({ outcomes }) => outcomes)).toEqual(Array(3).fill(["settled", "synced"]));
    append(2);
    await endOfTurn();
    expect(shard.posted[0]).toBe(buffer);
    expect(shard.contents).toEqual([[3, 4]]);
    expect([0, 1].map((i) => new Frame(buffer).status(i))).toEqual([Status.None, Status.None]);
  });

  it("are kept, six at most", async () => {
    const { lane, shard, append } = connectedLane();
    const round = async (): Promise<Set<ArrayBuffer>> => {
      append(8 * MANY);
      await endOfTurn();
      const used = new Set<ArrayBuffer>();
      while (shard.posted.length > 0) used.add(shard.answer(lane));
      return used;
    };
    const first = await round();
    const second = await round();
    expect(first.size).toBe(8);
    expect([...second].filter((buffer) => first.has(buffer))).toHaveLength(6);
  });
});

describe("an answer", () => {
  it("settles the operations of its own frame, in whatever order the frames are answered", async () => {
    const { lane, shard, append } = connectedLane();
    const first = append(2, 1, true);
    await endOfTurn();
    const second = append(2);
    await endOfTurn();
    shard.answer(lane, 1, Status.Written);
    await endOfTurn();
    expect(first.map(({ outcomes }) => outcomes)).toEqual([[], []]);
    expect(second.map(({ outcomes }) => outcomes)).toEqual(Array(2).fill(["settled", "written"]));
    shard.answer(lane, 0, Status.Synced);
    await endOfTurn();
    expect(first.map(({ outcomes }) => outcomes)).toEqual(Array(2).fill(["settled", "synced"]));
  });

  it("with a ticket that was not sent is a bug, and settles no operation", async () => {
    const { lane, shard, append } = connectedLane();
    const [sent] = append(1);
    await endOfTurn();
    const stranger = new Frame(new ArrayBuffer(FRAME_BUFFER_BYTES));
    stranger.ticket = new Frame(shard.posted[0] as ArrayBuffer).ticket + 1;
    expect(() => lane.answered(stranger, [])).toThrow("bug");
    expect(sent?.outcomes).toEqual([]);
  });
});

import { MAX_FRAME_RECORDS } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { connectedLane, type TrackedStore } from "../../test/lane.ts";
import { endOfTurn } from "../../test/operations.ts";
import type { WriteLane } from "./write-lane.ts";

const MANY = MAX_FRAME_RECORDS;

describe("an operation that is cancelled", () => {
  it("before its frame is sent is cancelled in the frame, and not written; its neighbours are", async () => {
    const { lane, shard, append } = connectedLane();
    const [a, b, c] = append(3) as [TrackedStore, TrackedStore, TrackedStore];
    b.cancel();
    await endOfTurn();
    expect(shard.contents).toEqual([[0, null, 2]]);
    shard.answer(lane);
    await endOfTurn();
    expect([a, b, c].map(({ outcomes }) => outcomes[1])).toEqual(["written", "not-written", "written"]);
  });

  it("in a full frame that is not sent is cancelled there too", async () => {
    const { lane, shard, append } = connectedLane();
    const all = append(3 * MANY + 1);
    await endOfTurn();
    const [last] = all.slice(-2) as [TrackedStore];
    last.cancel();
    shard.answer(lane);
    expect(shard.contents[1]?.slice(-2)).toEqual([3 * MANY - 2, null]);
  });

  it("holds its bytes until its frame is answered", async () => {
    const { lane, shard, append } = connectedLane();
    const [before, after, kept] = append(3) as [TrackedStore, TrackedStore, TrackedStore];
    before.cancel();
    await endOfTurn();
    after.cancel();
    await endOfTurn();
    expect([before, after, kept].map(({ bytes }) => bytes)).toEqual([["held"], ["held"], []]);
    shard.answer(lane);
    await endOfTurn();
    expect([before, after, kept].map(({ bytes }) => bytes)).toEqual([
      ["held", "released"],
      ["held", "released"],
      ["returned"],
    ]);
  });

  it.each([
    ["is lost with the thread", (lane: WriteLane) => lane.rejectSent(() => "lost"), true],
    ["is rejected before it is sent", (lane: WriteLane) => lane.rejectWaiting(() => "not sent"), false],
  ])("holds its bytes until its frame %s", async (_, end, sent) => {
    const { lane, append } = connectedLane();
    const [first, second] = append(2) as [TrackedStore, TrackedStore];
    if (sent) await endOfTurn();
    first.cancel();
    end(lane);
    await endOfTurn();
    expect([first.bytes, second.bytes]).toEqual([["held", "released"], ["returned"]]);
    expect(second.outcomes).toEqual(["settled", sent ? "lost" : "not sent"]);
  });

  it("as the last of its frame drops the frame if that is not sent: all its bytes are returned", async () => {
    const { shard, append, lane } = connectedLane();
    const sent = append(2 * MANY);
    const full = append(MANY);
    const open = append(2);
    for (const operation of [...full, ...open]) operation.cancel();
    await endOfTurn();
    expect(full.slice(0, -1).map(({ bytes }) => bytes)).toEqual(Array(MANY - 1).fill(["held", "released"]));
    expect([full.at(-1), open[1]].map((last) => last?.bytes)).toEqual([["returned"], ["returned"]]);
    append(1);
    for (let i = 0; i < 2; i++) shard.answer(lane);
    expect(shard.contents).toEqual([[sent.length + full.length + open.length]]);
  });

  it("as the last of its frame lets the next frame be sent, if that need not wait", async () => {
    const { shard, append } = connectedLane();
    append(3 * MANY, 1, true);
    await endOfTurn();
    const waiting = append(MANY, 1, true);
    append(1);
    await endOfTurn();
    expect(shard.posted).toHaveLength(3);
    for (const operation of waiting) operation.cancel();
    await endOfTurn();
    expect(shard.contents[3]).toEqual([4 * MANY]);
  });

  it("after its frame is sent may be written: its record stays as it is, and the later answer is ignored", async () => {
    const { lane, shard, append } = connectedLane();
    const [a, b] = append(2) as [TrackedStore, TrackedStore];
    await endOfTurn();
    a.cancel();
    expect(shard.contents).toEqual([[0, 1]]);
    shard.answer(lane);
    await endOfTurn();
    expect(a.outcomes).toEqual(["settled", "unknown"]);
    expect(b.outcomes).toEqual(["settled", "written"]);
  });
});

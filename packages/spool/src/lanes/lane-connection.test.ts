import { Frame, MAX_FRAME_RECORDS, Status, WriteFrameReader, WriteOp } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { endOfTurn, writeOperation } from "../../test/operations.ts";
import { createWriteLane, type WriteLane } from "./write-lane.ts";

/** A lane that is not connected yet, and what becomes of its operations. */
class Harness {
  readonly lane: WriteLane = createWriteLane();
  readonly posted: ArrayBuffer[] = [];
  /** What each operation settled with, by its number. */
  readonly outcomes: string[][] = [];
  readonly post = (buffer: ArrayBuffer): void => void this.posted.push(buffer);

  append(count: number, sync = false): void {
    for (let i = 0; i < count; i++) {
      const outcomes: string[] = [];
      const id = new Uint8Array(16).fill(this.outcomes.push(outcomes) - 1);
      const operation = writeOperation({ op: WriteOp.Remove, id, data: null, sync });
      const note = (outcome: string): void => void outcomes.push(outcome);
      operation.promise.then(note, note);
      this.lane.append(operation);
    }
  }

  /** Answers the oldest posted frame. */
  answer(): void {
    const frame = new Frame(this.posted.shift() as ArrayBuffer);
    for (let i = 0; i < frame.count; i++) frame.setStatus(i, Status.Written);
    this.lane.answered(frame, []);
  }

  /** The first byte of each id in the oldest posted frame. */
  get oldest(): number[] {
    const reader = new WriteFrameReader(this.posted[0] as ArrayBuffer);
    return Array.from({ length: reader.count }, (_, i) => reader.id(i)[0] as number);
  }
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => {
    settled = true;
  });
  await endOfTurn();
  return settled;
}

describe("a lane that is not connected", () => {
  it("gathers operations, and sends them in order once it is connected", async () => {
    const harness = new Harness();
    harness.append(MAX_FRAME_RECORDS + 3);
    await endOfTurn();
    expect(harness.posted).toHaveLength(0);
    harness.lane.connect(harness.post);
    expect(harness.posted).toHaveLength(1);
    expect(harness.oldest).toEqual(Array.from({ length: MAX_FRAME_RECORDS }, (_, i) => i % 256));
    harness.answer();
    expect(harness.oldest).toEqual([0, 1, 2]);
  });

  it("sends over the new connection, not over the old one", async () => {
    const harness = new Harness();
    const old: ArrayBuffer[] = [];
    harness.lane.connect((buffer) => void old.push(buffer));
    harness.lane.disconnect();
    harness.append(1);
    await endOfTurn();
    expect(old).toHaveLength(0);
    harness.lane.connect(harness.post);
    expect([old.length, harness.posted.length]).toEqual([0, 1]);
  });
});

describe("a lane whose thread has died", () => {
  it("rejects sent and unsent operations with different reasons, each once", async () => {
    const harness = new Harness();
    harness.lane.connect(harness.post);
    harness.append(2 * MAX_FRAME_RECORDS + 1);
    await endOfTurn();
    harness.append(MAX_FRAME_RECORDS);
    await endOfTurn();
    expect(harness.posted).toHaveLength(2);
    harness.lane.disconnect();
    harness.lane.rejectSent(() => "lost");
    harness.lane.rejectWaiting(() => "not sent");
    await endOfTurn();
    const sent = 2 * MAX_FRAME_RECORDS;
    expect(harness.outcomes.slice(0, sent)).toEqual(Array(sent).fill(["lost"]));
    expect(harness.outcomes.slice(sent)).toEqual(Array(MAX_FRAME_RECORDS + 1).fill(["not sent"]));
    harness.lane.rejectSent(() => "again");
    harness.lane.rejectWaiting(() => "again");
    await endOfTurn();
    expect(harness.outcomes.flat()).not.toContain("again");
  });

  it("sends two frames again once it is connected, and settles them by their answers", async () => {
    const harness = new Harness();
    harness.lane.connect(harness.post);
    harness.append(2 * MAX_FRAME_RECORDS);
    harness.append(1);
    await endOfTurn();
    expect(harness.posted).toHaveLength(2);
    harness.lane.disconnect();
    harness.lane.rejectSent(() => "lost");
    harness.posted.length = 0;
    harness.append(2 * MAX_FRAME_RECORDS);
    harness.lane.connect(harness.post);
    expect(harness.posted).toHaveLength(2);
    for (let answers = 0; answers < 3; answers++) harness.answer();
    await endOfTurn();
    const lost = 2 * MAX_FRAME_RECORDS;
    expect(harness.outcomes.slice(0, lost)).toEqual(Array(lost).fill(["lost"]));
    expect(harness.outcomes.slice(lost)).toEqual(Array(lost + 1).fill(["written"]));
  });

  it("keeps the unsent operations if only the sent ones are rejected", async () => {
    const harness = new Harness();
    harness.lane.connect(harness.post);
    harness.append(1);
    await endOfTurn();
    harness.lane.disconnect();
    harness.append(1);
    harness.lane.rejectSent(() => "lost");
    await endOfTurn();
    harness.posted.length = 0;
    harness.lane.connect(harness.post);
    harness.answer();
    await endOfTurn();
    expect(harness.outcomes).toEqual([["lost"], ["written"]]);
  });
});

describe("a lane that is held", () => {
  it("sends nothing, and resolves when all sent frames are answered", async () => {
    const harness = new Harness();
    harness.lane.connect(harness.post);
    for (const sync of [true, false]) {
      harness.append(1, sync);
      await endOfTurn();
    }
    const held = harness.lane.hold();
    harness.append(1);
    harness.answer();
    expect(await isSettled(held)).toBe(false);
    expect(harness.posted).toHaveLength(1);
    harness.answer();
    expect(await isSettled(held)).toBe(true);
    expect(harness.outcomes).toEqual([["written"], ["written"], []]);
    harness.lane.connect(harness.post);
    expect(harness.oldest).toEqual([2]);
  });

  it("resolves at once if nothing is sent, and when the sent operations are rejected", async () => {
    const harness = new Harness();
    harness.lane.connect(harness.post);
    expect(await isSettled(harness.lane.hold())).toBe(true);
    harness.append(1);
    harness.lane.connect(harness.post);
    const held = harness.lane.hold();
    expect(await isSettled(held)).toBe(false);
    harness.lane.rejectSent(() => "lost");
    expect(await isSettled(held)).toBe(true);
  });
});

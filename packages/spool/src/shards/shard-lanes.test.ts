import { Frame, FrameKind, ReadFrameReader, SpoolEngineError, Status, WriteOp } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import type { LoadOperation } from "../operations/load-operation.ts";
import type { WriteOperation } from "../operations/write-operation.ts";
import { ShardLanes } from "./shard-lanes.ts";

const ID = new Uint8Array(16).fill(7);
const SHARD = 3;
const CAUSE = new Error("the worker exited");
const LOST = { code: "SPOOL_SHARD_LOST", shard: SHARD };
const UNHEALTHY = { code: "SPOOL_UNHEALTHY", outcome: "not-written" };
const CLOSED = { code: "SPOOL_CLOSED" };

/** Lanes, the frames that they sent, and how each operation was settled, in the order of the settling. */
class Harness {
  readonly lanes = new ShardLanes(SHARD);
  readonly frames: Frame[] = [];
  readonly settled: unknown[] = [];
  readonly post = (buffer: ArrayBuffer): void => void this.frames.push(new Frame(buffer));

  store(): void {
    const deadline = { ms: Number.POSITIVE_INFINITY };
    const write = { op: WriteOp.Remove, id: ID, data: null, sync: false, deadline };
    this.lanes.writes.append({ write, ...this.#settling() } as unknown as WriteOperation);
  }

  load(): void {
    this.lanes.reads.append({ id: ID, ...this.#settling() } as unknown as LoadOperation);
  }

  /** One store and one load that are sent, then one of each that are not. */
  async fill(): Promise<void> {
    this.store();
    this.load();
    await Promise.resolve();
    this.store();
    this.load();
  }

  /** The thread's answers to all frames: writes are written, loads find one byte. */
  answerAll(): void {
    for (const frame of this.frames.splice(0)) {
      if (frame.kind === FrameKind.Read) {
        this.lanes.answered(new ReadFrameReader(frame.buffer).answer([Status.Found], [Uint8Array.of(1)]));
      } else {
        frame.setStatus(0, Status.Written);
        this.lanes.answered(frame.buffer);
      }
    }
  }

  #settling(): Pick<WriteOperation, "resolve" | "reject"> {
    const settle = (how: unknown): boolean => this.settled.push(how) > 0;
    return { resolve: settle, reject: settle } as Pick<WriteOperation, "resolve" | "reject">;
  }
}

function connected(): Harness {
  const harness = new Harness();
  harness.lanes.connect(harness.post, true);
  return harness;
}

describe("the lanes of a shard", () => {
  it("send what waited once they are connected, and settle both kinds by their answers", async () => {
    const harness = new Harness();
    harness.store();
    harness.load();
    await Promise.resolve();
    expect(harness.frames).toEqual([]);
    harness.lanes.connect(harness.post, true);
    expect(harness.frames.map(({ kind }) => kind)).toEqual([FrameKind.Read, FrameKind.Write]);
    harness.answerAll();
    expect(harness.settled).toEqual([Uint8Array.of(1), "written"]);
  });

  it("refuse the writes that waited for a shard that takes none, and send the loads", async () => {
    const harness = new Harness();
    harness.store();
    harness.load();
    harness.lanes.connect(harness.post, false);
    expect(harness.settled).toMatchObject([UNHEALTHY]);
    expect(harness.frames.map(({ kind }) => kind)).toEqual([FrameKind.Read]);
  });

  it("are drained when both kinds are answered, and send nothing meanwhile", async () => {
    const harness = connected();
    await harness.fill();
    let drained = false;
    const draining = harness.lanes.drain().then(() => {
      drained = true;
    });
    const frames = harness.frames.splice(0);
    expect(frames).toHaveLength(2);
    for (const frame of frames) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(drained).toBe(false);
      harness.frames.push(frame);
      harness.answerAll();
    }
    await draining;
    await Promise.resolve();
    expect([harness.frames, harness.settled]).toEqual([[], expect.arrayContaining(["written", Uint8Array.of(1)])]);
    harness.lanes.connect(harness.post, true);
    expect(harness.frames, "what was not sent is kept for the next thread").toHaveLength(2);
  });
});

describe("the pending operations", () => {
  it("of a thread that died are rejected: writes as unknown or not written, by whether they were sent", async () => {
    const harness = connected();
    await harness.fill();
    harness.lanes.loseAll(CAUSE);
    const lost = { ...LOST, cause: CAUSE };
    expect(harness.settled).toMatchObject([
      { ...lost, outcome: "unknown" },
      { ...lost, outcome: "not-written" },
      lost,
      lost,
    ]);
    harness.frames.length = 0;
    harness.store();
    harness.load();
    await Promise.resolve();
    expect([harness.frames, harness.settled.length], "later ones wait for the next thread").toEqual([[], 4]);
  });

  it("of a thread that died after the drain are rejected if they were sent, and kept otherwise", async () => {
    const harness = connected();
    await harness.fill();
    const draining = harness.lanes.drain();
    harness.lanes.loseSent();
    expect(harness.settled).toMatchObject([{ ...LOST, outcome: "unknown" }, LOST]);
    await draining;
    harness.frames.length = 0;
    harness.lanes.connect(harness.post, true);
    expect(harness.frames).toHaveLength(2);
  });

  it("of a shard that is down are refused: writes as unhealthy, loads with the reason", async () => {
    const failure = new SpoolEngineError("the disk is gone", { kind: "io", path: "/spool/shard-003" });
    const harness = new Harness();
    await harness.fill();
    harness.lanes.refuseAll(failure);
    expect(harness.settled).toMatchObject([UNHEALTHY, UNHEALTHY, {}, {}]);
    expect(harness.settled.slice(2)).toEqual([failure, failure]);
  });

  it("that are cancelled are rejected as closed, once: later answers are ignored", async () => {
    const harness = connected();
    await harness.fill();
    harness.lanes.cancel();
    const expected = [{ ...CLOSED, outcome: "unknown" }, { ...CLOSED, outcome: "not-written" }, CLOSED, CLOSED];
    expect(harness.settled).toMatchObject(expected);
    harness.answerAll();
    harness.lanes.cancel();
    expect(harness.settled).toMatchObject(expected);
  });
});

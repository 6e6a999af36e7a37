import {
  createStatusMemory,
  FRAME_BUFFER_BYTES,
  Frame,
  frameBytesFor,
  MAX_FRAME_BYTES,
  MAX_FRAME_RECORDS,
  ShardGate,
  Status,
  WriteFrameReader,
  WriteOp,
  writeRecordBytes,
} from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { OperationMeter } from "../operations/operation-meter.ts";
import { WriteOperation } from "../operations/write-operation.ts";
import { createWriteLane, type WriteLane } from "./write-lane.ts";

const gate = new ShardGate(createStatusMemory(1), 0);
const MANY = MAX_FRAME_RECORDS;
/** So many operations do not leave beside others. */
const FEW = 15;

/** A store whose id says its number, and what became of it. */
class Sent {
  readonly operation: WriteOperation;
  readonly outcomes: unknown[] = [];
  /** What the line hears of its bytes. */
  readonly bytes: string[] = [];

  constructor(number: number, bytes = 1, sync = false) {
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(0, number);
    const deadline = { ms: Number.POSITIVE_INFINITY, callers: false, storeDeadlineMs: 1 };
    const write = { op: WriteOp.Store, id, data: new Uint8Array(bytes).fill(number), sync, deadline };
    const settled = (): void => void this.outcomes.push("settled");
    this.operation = new WriteOperation(
      write,
      gate,
      new OperationMeter(),
      { share: 0, bytes: 0, counter: null },
      undefined,
      settled,
    );
    this.operation.room = {
      settled: (_, held) => void this.bytes.push(held ? "held" : "free"),
      letGo: () => void this.bytes.push("let go"),
    };
    this.operation.promise.then(
      (reached) => this.outcomes.push(reached),
      (reason) => this.outcomes.push(reason),
    );
  }

  giveUp(): void {
    this.operation.giveUp((canHappen) => (canHappen ? "unknown" : "not-written"));
  }
}

/** The other end of a lane: keeps what is posted, and answers it when the test says so. */
class FakeShard {
  readonly posted: ArrayBuffer[] = [];
  readonly post = (buffer: ArrayBuffer): void => void this.posted.push(buffer);

  /** The numbers of the operations in each posted frame, in its order; a void one as null. */
  get contents(): (number | null)[][] {
    return this.posted.map((buffer) => {
      const reader = new WriteFrameReader(buffer);
      const numbers: (number | null)[] = [];
      while (reader.next()) {
        const { byteOffset } = reader.id;
        numbers.push(reader.op === WriteOp.Cancelled ? null : new DataView(buffer).getUint32(byteOffset));
      }
      return numbers;
    });
  }

  get sizes(): number[] {
    return this.contents.map(({ length }) => length);
  }

  /** Takes the `index`-th of the frames that are posted out, and answers it. */
  answer(lane: WriteLane, index = 0, status: Status = Status.Written): ArrayBuffer {
    const [buffer] = this.posted.splice(index, 1) as [ArrayBuffer];
    const frame = new Frame(buffer);
    for (let i = 0; i < frame.count; i++) frame.setStatus(i, status);
    lane.answered(frame, []);
    return buffer;
  }
}

function connected(): {
  lane: WriteLane;
  shard: FakeShard;
  append: (count: number, bytes?: number, sync?: boolean) => Sent[];
} {
  const lane = createWriteLane();
  const shard = new FakeShard();
  lane.connect(shard.post);
  let number = 0;
  const append = (count: number, bytes?: number, sync?: boolean): Sent[] =>
    Array.from({ length: count }, () => {
      const sent = new Sent(number++, bytes, sync);
      lane.append(sent.operation);
      return sent;
    });
  return { lane, shard, append };
}

/** Lets the microtasks that wait run, and nothing that needs more than that. */
async function endOfTurn(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

describe("a frame leaves", () => {
  it("at the end of the microtask turn, with all that was called in it", async () => {
    const { shard, append } = connected();
    append(3);
    expect(shard.posted).toHaveLength(0);
    await endOfTurn();
    expect(shard.contents).toEqual([[0, 1, 2]]);
  });

  it("of a few never while another is with the shard: what comes meanwhile gathers until that comes back", async () => {
    const { lane, shard, append } = connected();
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

  it("of more than a few, or full, as the second", async () => {
    const { lane, shard, append } = connected();
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

  it("that waits for a sync only full as the second", async () => {
    const { shard, append } = connected();
    append(1, 1, true);
    await endOfTurn();
    append(MANY, 1, true);
    await endOfTurn();
    expect(shard.sizes, "full, but nobody knows yet").toEqual([1]);
    append(1, 1, true);
    await endOfTurn();
    expect(shard.sizes).toEqual([1, MANY]);
  });

  it("while one that waits for a sync is with the shard, if it needs none itself", async () => {
    const { lane, shard, append } = connected();
    append(1, 1, true);
    await endOfTurn();
    append(1);
    await endOfTurn();
    expect(shard.contents).toEqual([[0], [1]]);
    append(1);
    append(1, 1, true);
    append(1);
    shard.answer(lane, 1);
    expect(shard.contents, "a sync in it").toEqual([[0]]);
    shard.answer(lane, 0, Status.Synced);
    expect(shard.contents).toEqual([[2, 3, 4]]);
  });

  it("as the third where all are full and wait for a sync", async () => {
    const { lane, shard, append } = connected();
    append(5 * MANY, 1, true);
    await endOfTurn();
    expect(shard.sizes).toEqual([MANY, MANY, MANY]);
    for (let answers = 0; answers < 3; answers++) shard.answer(lane, 0, Status.Synced);
    expect(shard.sizes).toEqual([MANY]);
    shard.answer(lane, 0, Status.Synced);
    expect(shard.contents).toEqual([numbers(4 * MANY, MANY)]);
  });

  it("full with 256 records, those that wait in their order", async () => {
    const { lane, shard, append } = connected();
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
    const { lane, shard, append } = connected();
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

  it("gets one of its own, just as large as it needs, and keeps its place", async () => {
    const { lane, shard, append } = connected();
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

  it("does not make the lane keep its buffer, nor takes one that is kept", async () => {
    const { lane, shard, append } = connected();
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

describe("buffers", () => {
  it("come back and are used again, and nothing of their last use is left in them", async () => {
    const { lane, shard, append } = connected();
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

  it("are kept six at most", async () => {
    const { lane, shard, append } = connected();
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
  it("settles the operations of its own frame, in whatever order the frames come back", async () => {
    const { lane, shard, append } = connected();
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

  it("to a frame that nobody sent is a bug, and is not taken for another's", async () => {
    const { lane, shard, append } = connected();
    const [sent] = append(1);
    await endOfTurn();
    const stranger = new Frame(new ArrayBuffer(FRAME_BUFFER_BYTES));
    stranger.ticket = new Frame(shard.posted[0] as ArrayBuffer).ticket + 1;
    expect(() => lane.answered(stranger, [])).toThrow("bug");
    expect(sent?.outcomes).toEqual([]);
  });
});

describe("an operation that is given up", () => {
  it("before its frame is sent is void in it, and is not written; its neighbours go on", async () => {
    const { lane, shard, append } = connected();
    const [a, b, c] = append(3) as [Sent, Sent, Sent];
    b.giveUp();
    await endOfTurn();
    expect(shard.contents).toEqual([[0, null, 2]]);
    // A shard answers a void record as void.
    new Frame(shard.posted[0] as ArrayBuffer).setStatus(1, Status.Cancelled);
    shard.answer(lane);
    await endOfTurn();
    expect([a, b, c].map(({ outcomes }) => outcomes[1])).toEqual(["written", "not-written", "written"]);
  });

  it("before its frame is sent is void there too where the frame is full and waits", async () => {
    const { lane, shard, append } = connected();
    const all = append(3 * MANY + 1);
    await endOfTurn();
    const [last] = all.slice(-2) as [Sent];
    last.giveUp();
    shard.answer(lane);
    expect(shard.contents[1]?.slice(-2)).toEqual([3 * MANY - 2, null]);
  });

  it("holds its bytes until its frame comes back", async () => {
    const { lane, shard, append } = connected();
    const [before, after, kept] = append(3) as [Sent, Sent, Sent];
    before.giveUp();
    await endOfTurn();
    after.giveUp();
    await endOfTurn();
    expect([before, after, kept].map(({ bytes }) => bytes)).toEqual([["held"], ["held"], []]);
    new Frame(shard.posted[0] as ArrayBuffer).setStatus(0, Status.Cancelled);
    shard.answer(lane);
    await endOfTurn();
    expect([before, after, kept].map(({ bytes }) => bytes)).toEqual([["held", "let go"], ["held", "let go"], ["free"]]);
  });

  it.each([
    ["is lost with the thread", (lane: WriteLane) => lane.rejectSent(() => "lost"), true],
    ["is not let go", (lane: WriteLane) => lane.rejectWaiting(() => "kept back"), false],
  ])("holds its bytes until its frame %s", async (_, end, sent) => {
    const { lane, append } = connected();
    const [first, second] = append(2) as [Sent, Sent];
    if (sent) await endOfTurn();
    first.giveUp();
    end(lane);
    await endOfTurn();
    expect([first.bytes, second.bytes]).toEqual([["held", "let go"], ["free"]]);
    expect(second.outcomes).toEqual(["settled", sent ? "lost" : "kept back"]);
  });

  it("takes its frame with it where that has not left and nobody else waits for it: the bytes of all in it are free", async () => {
    const { shard, append, lane } = connected();
    const sent = append(2 * MANY);
    const full = append(MANY);
    const open = append(2);
    for (const operation of [...full, ...open]) operation.giveUp();
    await endOfTurn();
    expect(full.slice(0, -1).map(({ bytes }) => bytes)).toEqual(Array(MANY - 1).fill(["held", "let go"]));
    expect([full.at(-1), open[1]].map((last) => last?.bytes)).toEqual([["free"], ["free"]]);
    append(1);
    for (let i = 0; i < 2; i++) shard.answer(lane);
    expect(shard.contents).toEqual([[sent.length + full.length + open.length]]);
  });

  it("makes way for the next frame where its own would still have waited", async () => {
    const { shard, append } = connected();
    append(3 * MANY, 1, true);
    await endOfTurn();
    const waiting = append(MANY, 1, true);
    append(1);
    await endOfTurn();
    expect(shard.posted).toHaveLength(3);
    for (const operation of waiting) operation.giveUp();
    await endOfTurn();
    expect(shard.contents[3]).toEqual([4 * MANY]);
  });

  it("afterwards may have been written, its frame is left alone, and the later answer is ignored", async () => {
    const { lane, shard, append } = connected();
    const [a, b] = append(2) as [Sent, Sent];
    await endOfTurn();
    a.giveUp();
    expect(shard.contents).toEqual([[0, 1]]);
    shard.answer(lane);
    await endOfTurn();
    expect(a.outcomes).toEqual(["settled", "unknown"]);
    expect(b.outcomes).toEqual(["settled", "written"]);
  });
});

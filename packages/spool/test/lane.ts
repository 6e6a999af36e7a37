import { Frame, Status, WriteFrameReader, WriteOp } from "@rockspool/core";
import { createWriteLane, type WriteLane } from "../src/lanes/write-lane.ts";
import type { Admission } from "../src/operations/operation.ts";
import type { WriteOperation } from "../src/operations/write-operation.ts";
import { writeOperation } from "./operations.ts";

/** A write lane without a thread: the test plays the shard. */

/** The id of the operation with this number; see `numbersIn`. */
export function numberedId(number: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, number);
  return id;
}

/** The numbers of the operations in a frame, in its order; null for a cancelled one. */
export function numbersIn(buffer: ArrayBuffer): (number | null)[] {
  const numbers: (number | null)[] = [];
  const reader = new WriteFrameReader(buffer);
  for (let i = 0; i < reader.count; i++) {
    const { byteOffset } = reader.id(i);
    numbers.push(reader.op(i) === WriteOp.Cancelled ? null : new DataView(buffer).getUint32(byteOffset));
  }
  return numbers;
}

/** A numbered store, and what became of it. */
export class TrackedStore implements Admission {
  readonly operation: WriteOperation;
  /** What its promise settled with. */
  readonly outcomes: unknown[] = [];
  /** How the admission queue gets its bytes back. */
  readonly bytes: string[] = [];

  constructor(number: number, messageBytes: number, sync: boolean) {
    const data = new Uint8Array(messageBytes).fill(number);
    this.operation = writeOperation({ id: numberedId(number), data, sync });
    this.operation.admission = this;
    const note = (outcome: unknown): void => void this.outcomes.push(outcome);
    this.operation.promise.then(note, note);
  }

  settled(_operation: unknown, held: boolean): void {
    this.outcomes.push("settled");
    this.bytes.push(held ? "held" : "returned");
  }

  release(): void {
    this.bytes.push("released");
  }

  cancel(): void {
    this.operation.cancel((sent) => (sent ? "unknown" : "not-written"));
  }
}

/** The other end of a lane: keeps what is posted, and answers it when the test says so. */
export class FakeShard {
  readonly posted: ArrayBuffer[] = [];
  readonly post = (buffer: ArrayBuffer): void => void this.posted.push(buffer);

  /** The numbers of the operations in each posted frame; a cancelled one as null. */
  get contents(): (number | null)[][] {
    return this.posted.map(numbersIn);
  }

  /** The number of records in each posted frame. */
  get sizes(): number[] {
    return this.contents.map(({ length }) => length);
  }

  /**
   * Removes the `index`-th of the posted frames, and answers it: a cancelled record as cancelled, the others with
   * `status`.
   */
  answer(lane: WriteLane, index = 0, status: Status = Status.Written): ArrayBuffer {
    const [buffer] = this.posted.splice(index, 1) as [ArrayBuffer];
    const frame = new Frame(buffer);
    for (const [i, number] of numbersIn(buffer).entries())
      frame.setStatus(i, number === null ? Status.Cancelled : status);
    lane.answered(frame, []);
    return buffer;
  }
}

interface ConnectedLane {
  readonly lane: WriteLane;
  readonly shard: FakeShard;
  /** Appends so many stores, numbered on. */
  readonly append: (count: number, messageBytes?: number, sync?: boolean) => TrackedStore[];
}

export function connectedLane(): ConnectedLane {
  const lane = createWriteLane();
  const shard = new FakeShard();
  lane.connect(shard.post);
  let number = 0;
  const append = (count: number, messageBytes = 1, sync = false): TrackedStore[] =>
    Array.from({ length: count }, () => {
      const store = new TrackedStore(number++, messageBytes, sync);
      lane.append(store.operation);
      return store;
    });
  return { lane, shard, append };
}

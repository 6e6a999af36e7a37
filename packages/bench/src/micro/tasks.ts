import { randomBytes } from "node:crypto";
import {
  createStatusMemory,
  FRAME_BUFFER_BYTES,
  MAX_FRAME_RECORDS,
  READ_FRAME_BYTES,
  ReadAnswer,
  ReadFrameReader,
  ReadFrameWriter,
  ShardGate,
  SpoolId,
  Status,
  shardOf,
  WRITE_FRAME_BYTES,
  WriteFrameReader,
  WriteFrameWriter,
  WriteOp,
} from "@rockspool/core";
import { OperationMeter, Outcome } from "rockspool/internals";

/**
 * One step of a message's path. `run` does it `operations` times, because once is shorter than the resolution of the
 * clock.
 */
export interface MicroTask {
  readonly name: string;
  readonly operations: number;
  /** Returns a number that depends on the work, so that the compiler cannot remove it. */
  readonly run: () => number;
}

const MANY = 1000;
const SHARDS = 4;
const MESSAGE_BYTES = 1024;

function many(name: string, once: (index: number) => number): MicroTask {
  const run = (): number => {
    let sum = 0;
    for (let index = 0; index < MANY; index++) sum += once(index);
    return sum;
  };
  return { name, operations: MANY, run };
}

/** A step that `run` does for each record of a frame. */
function framed(name: string, run: () => number): MicroTask {
  return { name, operations: MAX_FRAME_RECORDS, run };
}

export function microTasks(): MicroTask[] {
  return [...idTasks(), ...writeFrameTasks(), ...readFrameTasks(), ...gateTasks()];
}

function idTasks(): MicroTask[] {
  const ids = Array.from({ length: MANY }, () => SpoolId.generate());
  const texts = ids.map(String);
  const bytes = ids.map((id) => id.toBytes());
  return [
    many("SpoolId.generate", () => SpoolId.generate().bytes[3] as number),
    many("SpoolId.parse", (index) => SpoolId.parse(texts[index] as string).bytes[3] as number),
    many("SpoolId.fromBytes", (index) => SpoolId.fromBytes(bytes[index] as Uint8Array).bytes[3] as number),
    many("SpoolId.fromBytes, toString", (index) => SpoolId.fromBytes(bytes[index] as Uint8Array).toString().length),
    many("routing: the shard of an id", (index) => shardOf((ids[index] as SpoolId).bytes, SHARDS)),
  ];
}

function writeFrameTasks(): MicroTask[] {
  const { bytes: id } = SpoolId.generate();
  const message = randomBytes(MESSAGE_BYTES);
  const buffer = new ArrayBuffer(WRITE_FRAME_BYTES);
  const fill = (): WriteFrameWriter => {
    const frame = new WriteFrameWriter(buffer);
    for (let at = 0; at < MAX_FRAME_RECORDS; at++) frame.append(WriteOp.Store, id, message, false, 0);
    return frame;
  };
  const sealed = fill().finish();
  return [
    framed("write frame: append a store of 1 KiB", () => fill().finish().byteLength),
    framed("write frame: read a store", () => {
      const frame = new WriteFrameReader(sealed);
      let sum = 0;
      for (let i = 0; i < frame.count; i++) sum += frame.id(i).byteLength + frame.storedLength(i);
      return sum;
    }),
  ];
}

function readFrameTasks(): MicroTask[] {
  const { bytes: id } = SpoolId.generate();
  const message = randomBytes(MESSAGE_BYTES);
  const buffer = new ArrayBuffer(READ_FRAME_BYTES);
  const answerBuffer = new ArrayBuffer(FRAME_BUFFER_BYTES);
  const statuses = new Array<Status>(MAX_FRAME_RECORDS).fill(Status.Found);
  const messages = new Array<Uint8Array>(MAX_FRAME_RECORDS).fill(message);
  const answer = new ReadFrameReader(answerBuffer).answer(statuses, messages);
  return [
    framed("read frame: append an id", () => {
      const frame = new ReadFrameWriter(buffer);
      for (let at = 0; at < MAX_FRAME_RECORDS; at++) frame.append(id);
      return frame.finish().byteLength;
    }),
    framed(
      "read frame: answer with 1 KiB",
      () => new ReadFrameReader(answerBuffer).answer(statuses, messages).byteLength,
    ),
    framed("read frame: take a message of 1 KiB", () => {
      const frame = new ReadAnswer(answer);
      let sum = 0;
      for (let at = 0; at < MAX_FRAME_RECORDS; at++) sum += frame.take().byteLength;
      return sum;
    }),
  ];
}

function gateTasks(): MicroTask[] {
  const gate = new ShardGate(createStatusMemory(SHARDS), 1);
  const meter = new OperationMeter();
  return [
    many("gate: is it latched", () => Number(gate.latched)),
    many("metrics: count an operation", () => {
      meter.end(MESSAGE_BYTES, meter.begin(MESSAGE_BYTES), Outcome.Written);
      return meter.pending;
    }),
  ];
}

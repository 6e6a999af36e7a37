import {
  type ErrorRecord,
  Frame,
  READ_FRAME_BYTES,
  ReadAnswer,
  ReadFrameWriter,
  Status,
  WriteFrameWriter,
  WriteOp,
  writeFrameBytesFor,
} from "@rockspool/core";
import type { FrameAnswer } from "../src/protocol/protocol.ts";
import { hex } from "./fake-engine.ts";

/** Frames as the main thread sends them, and their answers as it reads them. */

/** An id made from a number. */
export function key(number: number): Buffer {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(number);
  return id;
}

/** A record of a frame of writes; a remove if it has no `data`. */
export interface SentWrite {
  readonly id: number;
  readonly data?: Uint8Array;
  readonly sync?: boolean;
  readonly cancelled?: boolean;
  readonly deadlineMs?: number;
}

const LATER_MS = 24 * 60 * 60 * 1_000;

export function writeFrame(ticket: number, ...records: readonly SentWrite[]): ArrayBuffer {
  const bytes = records.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
  const writer = new WriteFrameWriter(new ArrayBuffer(writeFrameBytesFor(bytes)));
  for (const [index, record] of records.entries()) {
    const { id, data = null, sync = false, deadlineMs = Date.now() + LATER_MS } = record;
    writer.append(data === null ? WriteOp.Remove : WriteOp.Store, key(id), data, sync, deadlineMs);
    if (record.cancelled === true) writer.cancel(index);
  }
  writer.ticket = ticket;
  return writer.finish();
}

export function readFrame(ticket: number, ...ids: readonly number[]): ArrayBuffer {
  const writer = new ReadFrameWriter(new ArrayBuffer(READ_FRAME_BYTES));
  for (const id of ids) writer.append(key(id));
  writer.ticket = ticket;
  return writer.finish();
}

/** The content of an answer. */
export interface Answered {
  readonly ticket: number;
  readonly statuses: readonly Status[];
  readonly errors: readonly (ErrorRecord | null)[] | null;
}

export function answered(answer: FrameAnswer): Answered {
  const alone = answer instanceof ArrayBuffer;
  const frame = new Frame(alone ? answer : answer.buffer);
  const statuses = Array.from({ length: frame.count }, (_, index) => frame.status(index));
  return { ticket: frame.ticket, statuses, errors: alone ? null : answer.errors };
}

/** The messages in the answer to a frame of reads, in hex; null where none was found. */
export function messagesOf(answer: FrameAnswer): (string | null)[] {
  const frame = new ReadAnswer(answer instanceof ArrayBuffer ? answer : answer.buffer);
  return Array.from({ length: frame.count }, (_, index) =>
    frame.status(index) === Status.Found ? hex(frame.take()) : null,
  );
}

import { SPOOL_ID_BYTES } from "../id-layout.ts";
import { Frame, FrameKind, FrameWriter, MAX_FRAME_BYTES, MAX_FRAME_RECORDS, RECORDS_START, Status } from "./frame.ts";

/**
 * A frame of writes: a table with one record for each message, then the bodies in the order of the table, without gaps.
 * The shard appends table and bodies to its message log, so this is also the layout on disk (docs/on-disk-format.md).
 *
 * | bytes of a record | what                                                                                |
 * |-------------------|-------------------------------------------------------------------------------------|
 * | 0                 | op: 0 cancelled, 1 store, 2 remove                                                  |
 * | 1                 | codec of the body; the shard sets it                                                |
 * | 2                 | flags: 1 answer only when it is synced                                              |
 * | 4                 | length of the body as stored (uint32); the shard changes it where it compresses     |
 * | 8                 | length of the message (uint32)                                                      |
 * | 12                | CRC-32 of the body as stored (uint32); the shard sets it                            |
 * | 16                | id                                                                                  |
 * | 32                | deadline, epoch ms (float64); means nothing on disk                                 |
 */
export const WriteOp = { Cancelled: 0, Store: 1, Remove: 2 } as const;
export type WriteOp = (typeof WriteOp)[keyof typeof WriteOp];

export const WRITE_RECORD_BYTES = 40;

/** Where each field of a record lies. */
export const WriteField = {
  Op: 0,
  Codec: 1,
  Flags: 2,
  StoredLength: 4,
  Length: 8,
  Checksum: 12,
  Id: 16,
  Deadline: 32,
} as const;

const FLAG_SYNC = 1;
const TABLE_START = RECORDS_START;
const BODIES_START = TABLE_START + MAX_FRAME_RECORDS * WRITE_RECORD_BYTES;

/** A usual frame's buffer: a full table and 1 MiB of bodies. */
export const WRITE_FRAME_BYTES = BODIES_START + MAX_FRAME_BYTES;

/** What a message of this many bytes takes in a frame, and in the log. */
export function writeRecordBytes(messageBytes: number): number {
  return WRITE_RECORD_BYTES + messageBytes;
}

/** The buffer that a frame with one message of this many bytes needs; never less than the usual one. */
export function writeFrameBytesFor(messageBytes: number): number {
  return Math.max(WRITE_FRAME_BYTES, BODIES_START + messageBytes);
}

/** The main thread's side: filled with records, then sent. */
export class WriteFrameWriter extends FrameWriter {
  /** Whether any of its records is to be answered only when it is synced. */
  sync = false;

  constructor(buffer: ArrayBuffer) {
    super(buffer, FrameKind.Write);
    this.at = BODIES_START;
  }

  fits(messageBytes: number): boolean {
    return this.hasRoom(messageBytes);
  }

  /** Copies the record in. The caller has asked `fits`. */
  append(op: WriteOp, id: Uint8Array, data: Uint8Array | null, sync: boolean, deadlineMs: number): void {
    const { bytes, view } = this;
    const record = TABLE_START + this.records * WRITE_RECORD_BYTES;
    const length = data === null ? 0 : data.byteLength;
    view.setUint32(record, op | (sync ? FLAG_SYNC << (8 * WriteField.Flags) : 0), true);
    view.setUint32(record + WriteField.StoredLength, length, true);
    view.setUint32(record + WriteField.Length, length, true);
    view.setFloat64(record + WriteField.Deadline, deadlineMs, true);
    bytes.set(id, record + WriteField.Id);
    if (data !== null) bytes.set(data, this.at);
    if (sync) this.sync = true;
    this.setStatus(this.records, Status.None);
    this.records++;
    this.at += length;
  }

  /** Cancels a record of a frame that is not sent yet: it will not be written. */
  cancel(index: number): void {
    this.bytes[TABLE_START + index * WRITE_RECORD_BYTES + WriteField.Op] = WriteOp.Cancelled;
  }
}

/** The shard thread's side: reads and changes the table, then answers in the status bytes of the same buffer. */
export class WriteFrameReader extends Frame {
  op(index: number): WriteOp {
    return this.bytes[this.#at(index) + WriteField.Op] as WriteOp;
  }

  sync(index: number): boolean {
    return ((this.bytes[this.#at(index) + WriteField.Flags] as number) & FLAG_SYNC) !== 0;
  }

  deadlineMs(index: number): number {
    return this.view.getFloat64(this.#at(index) + WriteField.Deadline, true);
  }

  storedLength(index: number): number {
    return this.view.getUint32(this.#at(index) + WriteField.StoredLength, true);
  }

  /** A view of the id. */
  id(index: number): Uint8Array {
    return new Uint8Array(this.buffer, this.#at(index) + WriteField.Id, SPOOL_ID_BYTES);
  }

  /** Takes a record out of what is written: its place in the table stays, as cancelled. */
  cancel(index: number): void {
    this.bytes[this.#at(index) + WriteField.Op] = WriteOp.Cancelled;
  }

  /** A view of the table. */
  get table(): Buffer {
    return Buffer.from(this.buffer, TABLE_START, this.count * WRITE_RECORD_BYTES);
  }

  /** A view of all bodies as the main thread sent them. */
  get bodies(): Buffer {
    return Buffer.from(this.buffer, BODIES_START, this.end - BODIES_START);
  }

  #at(index: number): number {
    return TABLE_START + index * WRITE_RECORD_BYTES;
  }
}

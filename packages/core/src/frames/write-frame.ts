import { SPOOL_ID_BYTES } from "../id-layout.ts";
import { Frame, FrameKind, FrameWriter, RECORDS_START, Status } from "./frame.ts";

/**
 * The records of a frame of writes:
 *
 * | bytes | what                                                                                   |
 * |-------|----------------------------------------------------------------------------------------|
 * | 0     | op: 0 cancelled, 1 store, 2 remove                                                     |
 * | 1     | flags: 1 answer only once synced                                                       |
 * | 4     | length of the message (uint32)                                                         |
 * | 8     | deadline, epoch ms (float64)                                                           |
 * | 16    | id                                                                                     |
 * | 32    | reserved for the value's header byte: header and message are one value, without a copy |
 * | 33    | the message                                                                            |
 */
export const WriteOp = { Cancelled: 0, Store: 1, Remove: 2 } as const;
export type WriteOp = (typeof WriteOp)[keyof typeof WriteOp];

const FLAG_SYNC = 1;
const OP = 0;
const FLAGS = 1;
const LENGTH = 4;
const DEADLINE = 8;
const ID = 16;
const HEADER = 32;
const DATA = 33;

/** Bytes of the record of a message of this size. */
export function writeRecordBytes(messageBytes: number): number {
  return DATA + messageBytes;
}

/** The main thread's side. */
export class WriteFrameWriter extends FrameWriter {
  /** Whether any record is answered only once synced. */
  sync = false;
  readonly #offsets: number[] = [];

  constructor(buffer: ArrayBuffer) {
    super(buffer, FrameKind.Write);
  }

  fits(messageBytes: number): boolean {
    return this.hasRoom(writeRecordBytes(messageBytes));
  }

  /** Copies the record into the frame. The caller checks `fits` first. */
  append(op: WriteOp, id: Uint8Array, data: Uint8Array | null, sync: boolean, deadlineMs: number): void {
    const { bytes, view, at } = this;
    const length = data === null ? 0 : data.byteLength;
    bytes[at + OP] = op;
    bytes[at + FLAGS] = sync ? FLAG_SYNC : 0;
    view.setUint32(at + LENGTH, length, true);
    view.setFloat64(at + DEADLINE, deadlineMs, true);
    bytes.set(id, at + ID);
    if (data !== null) bytes.set(data, at + DATA);
    if (sync) this.sync = true;
    this.setStatus(this.records, Status.None);
    this.#offsets.push(at);
    this.records++;
    this.at = at + DATA + length;
  }

  /** Cancels a record before the frame is sent: the shard does not write it. */
  cancel(index: number): void {
    this.bytes[(this.#offsets[index] as number) + OP] = WriteOp.Cancelled;
  }
}

/** The shard thread's side: iterates over the records; answers go into the status bytes of the same buffer. */
export class WriteFrameReader extends Frame {
  #at = 0;
  #next = RECORDS_START;
  #length = 0;

  /** Moves to the next record; false at the end. */
  next(): boolean {
    if (this.#next >= this.end) return false;
    this.#at = this.#next;
    this.#length = this.view.getUint32(this.#at + LENGTH, true);
    this.#next = this.#at + DATA + this.#length;
    return true;
  }

  get op(): WriteOp {
    return this.bytes[this.#at + OP] as WriteOp;
  }

  get sync(): boolean {
    return ((this.bytes[this.#at + FLAGS] as number) & FLAG_SYNC) !== 0;
  }

  get deadlineMs(): number {
    return this.view.getFloat64(this.#at + DEADLINE, true);
  }

  get id(): Uint8Array {
    return new Uint8Array(this.buffer, this.#at + ID, SPOOL_ID_BYTES);
  }

  get length(): number {
    return this.#length;
  }

  get data(): Uint8Array {
    return new Uint8Array(this.buffer, this.#at + DATA, this.#length);
  }

  /** Sets the header byte and returns it with the message: a view, not a copy. */
  value(header: number): Uint8Array {
    this.bytes[this.#at + HEADER] = header;
    return new Uint8Array(this.buffer, this.#at + HEADER, 1 + this.#length);
  }
}

import { Frame, FrameKind, FrameWriter, ID_BYTES, RECORDS_START, Status } from "./frame.ts";

/**
 * The records of a frame of writes:
 *
 * | bytes | what                                                                                   |
 * |-------|----------------------------------------------------------------------------------------|
 * | 0     | op: 0 void, 1 store, 2 remove                                                          |
 * | 1     | flags: 1 answer only when it is synced                                                 |
 * | 4     | length of the message (uint32)                                                         |
 * | 8     | deadline, epoch ms (float64)                                                           |
 * | 16    | id                                                                                     |
 * | 32    | room for the value's header byte, so that the value is one piece with no copy          |
 * | 33    | the message                                                                            |
 */
export const WriteOp = { Void: 0, Store: 1, Remove: 2 } as const;
export type WriteOp = (typeof WriteOp)[keyof typeof WriteOp];

const FLAG_SYNC = 1;
const OP = 0;
const FLAGS = 1;
const LENGTH = 4;
const DEADLINE = 8;
const ID = 16;
const HEADER = 32;
const DATA = 33;

/** What a message of this many bytes takes in a frame. */
export function writeRecordBytes(messageBytes: number): number {
  return DATA + messageBytes;
}

/** The main thread's side: filled with records, then sent. */
export class WriteFrameWriter extends FrameWriter {
  /** Whether any of its records is to be answered only when it is synced. */
  sync = false;
  readonly #offsets: number[] = [];

  constructor(buffer: ArrayBuffer) {
    super(buffer, FrameKind.Write);
  }

  fits(messageBytes: number): boolean {
    return this.hasRoom(writeRecordBytes(messageBytes));
  }

  /** Copies the record in. The caller has asked `fits`. */
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

  /** Takes back a record of a frame that is not sent yet: it will not be written. */
  void(index: number): void {
    this.bytes[(this.#offsets[index] as number) + OP] = WriteOp.Void;
  }
}

/** The shard thread's side: walks the records, then answers in the status bytes of the same buffer. */
export class WriteFrameReader extends Frame {
  #at = 0;
  #next = RECORDS_START;
  #length = 0;

  /** Steps to the next record; false at the end. */
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
    return new Uint8Array(this.buffer, this.#at + ID, ID_BYTES);
  }

  get length(): number {
    return this.#length;
  }

  get data(): Uint8Array {
    return new Uint8Array(this.buffer, this.#at + DATA, this.#length);
  }

  /** The message with its header byte before it, in place. */
  value(header: number): Uint8Array {
    this.bytes[this.#at + HEADER] = header;
    return new Uint8Array(this.buffer, this.#at + HEADER, 1 + this.#length);
  }
}

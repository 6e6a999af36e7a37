/**
 * A frame is an `ArrayBuffer` that carries operations to a shard's thread and their answers back. It is transferred,
 * not copied, and reused. Integers are little-endian.
 *
 * | bytes | what                                                                              |
 * |-------|-----------------------------------------------------------------------------------|
 * | 0     | kind: `FrameKind`                                                                 |
 * | 4     | number of records (uint32)                                                        |
 * | 8     | offset of the end of the records (uint32)                                         |
 * | 12    | ticket (uint32): matches an answer to its frame; answers may come in any order    |
 * | 16    | one status byte per record, `MAX_FRAME_RECORDS` of them                           |
 * | 272   | the records, one after another; their layout depends on `kind`                    |
 */
export const FrameKind = { Write: 1, Read: 2, Entries: 3 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** More gains nothing, because a batch takes all queued frames; fewer costs more messages between the threads. */
export const MAX_FRAME_RECORDS = 256;

/** Bytes of all records: 256 of 4 KiB. A single message that needs more gets a larger buffer, `frameBytesFor`. */
export const MAX_FRAME_BYTES = 1024 * 1024;

const KIND = 0;
const COUNT = 4;
const END = 8;
const TICKET = 12;
const STATUS = 16;
export const RECORDS_START = STATUS + MAX_FRAME_RECORDS;

/** The usual buffer. One of this size is reused; a larger one, made for a huge message, is dropped after use. */
export const FRAME_BUFFER_BYTES = RECORDS_START + MAX_FRAME_BYTES;

/** The answer to one record. A batch succeeds or fails as a whole, so most answers repeat one status. */
export const Status = {
  /** Not answered yet. */
  None: 0,
  /** Write: handed to the operating system, not synced. */
  Written: 1,
  /** Read: its message is in the answer. Shares its value with `Written`: a frame holds reads or writes only. */
  Found: 1,
  /** Write: on the disk. */
  Synced: 2,
  /** Read: the shard has no such key. */
  Absent: 3,
  /** Cancelled before its frame was sent. Its operation is already settled. */
  Cancelled: 4,
  /** Write: its deadline passed before its batch began. Not written. */
  Expired: 5,
  /** Write: the gate was latched. Not written. */
  Unhealthy: 6,
  /** The answer carries an error. Whether a write took effect is unknown. */
  Failed: 7,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** The header that all frames share. */
export class Frame {
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  get kind(): FrameKind {
    return this.bytes[KIND] as FrameKind;
  }

  get count(): number {
    return this.view.getUint32(COUNT, true);
  }

  get end(): number {
    return this.view.getUint32(END, true);
  }

  get ticket(): number {
    return this.view.getUint32(TICKET, true);
  }

  set ticket(ticket: number) {
    this.view.setUint32(TICKET, ticket, true);
  }

  seal(kind: FrameKind, count: number, end: number): void {
    this.bytes[KIND] = kind;
    this.view.setUint32(COUNT, count, true);
    this.view.setUint32(END, end, true);
  }

  status(index: number): Status {
    return this.bytes[STATUS + index] as Status;
  }

  setStatus(index: number, status: Status): void {
    this.bytes[STATUS + index] = status;
  }
}

/** The sender's side of a frame. */
export abstract class FrameWriter extends Frame {
  protected records = 0;
  protected at = RECORDS_START;
  readonly #frameKind: FrameKind;

  constructor(buffer: ArrayBuffer, frameKind: FrameKind) {
    super(buffer);
    this.#frameKind = frameKind;
  }

  /** Number of records. */
  get length(): number {
    return this.records;
  }

  /** Writes the header; the buffer can then be transferred. */
  finish(): ArrayBuffer {
    this.seal(this.#frameKind, this.records, this.at);
    return this.buffer;
  }

  /** Whether one more record of this size fits. */
  protected hasRoom(recordBytes: number): boolean {
    return this.records < MAX_FRAME_RECORDS && this.at + recordBytes <= this.buffer.byteLength;
  }
}

/** The size of a buffer for at least one record of this size: the usual size, or larger if the record needs it. */
export function frameBytesFor(recordBytes: number): number {
  return Math.max(FRAME_BUFFER_BYTES, RECORDS_START + recordBytes);
}

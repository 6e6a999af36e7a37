/**
 * A frame: one `ArrayBuffer` that carries many operations to a shard's thread and their answers back. It is transferred, not
 * copied, and used again. Integers are little-endian.
 *
 * | bytes    | what                                                          |
 * |----------|---------------------------------------------------------------|
 * | 0        | kind: `FrameKind`                                             |
 * | 4        | number of records (uint32)                                    |
 * | 8        | where the records end (uint32)                                |
 * | 12       | ticket (uint32): comes back as it was sent, since answers need not come in the order of the frames |
 * | 16       | a status byte a record, `MAX_FRAME_RECORDS` of them           |
 * | 272      | the records, one after another; their shape depends on `kind` |
 */
export const FrameKind = { Write: 1, Read: 2, Entries: 3 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** More records a frame gain nothing (a batch takes all waiting frames); fewer cost a message each. */
export const MAX_FRAME_RECORDS = 256;

/** A frame's record bytes, unless a single larger message fills it. 256 records of 4 KiB: messages of the usual size share. */
export const MAX_FRAME_BYTES = 1024 * 1024;

const KIND = 0;
const COUNT = 4;
const END = 8;
const TICKET = 12;
const STATUS = 16;
export const RECORDS_START = STATUS + MAX_FRAME_RECORDS;

/** A frame of this size is worth keeping for the next use; one that a huge message needed is not. */
export const FRAME_BUFFER_BYTES = RECORDS_START + MAX_FRAME_BYTES;

export const ID_BYTES = 16;

/** One record's answer. A batch succeeds or fails as a whole, so most frames hold one value 256 times. */
export const Status = {
  /** Not answered. */
  None: 0,
  /** A write the operating system has; a read that found its id. */
  Written: 1,
  Found: 1,
  /** A write that is on the disk. */
  Synced: 2,
  /** A read that found nothing. */
  Absent: 3,
  /** Taken back before it was sent; nobody waits for it. */
  Void: 4,
  /** A write whose deadline came before its batch: not written. */
  Expired: 5,
  /** A write that met a latched gate: not written. */
  Unhealthy: 6,
  /** The frame's error says why; whether a write can still appear is unknown. */
  Failed: 7,
  /** The frame's error says why; the write was never tried. */
  Refused: 8,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

/** The head that all frames share. */
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

/** A frame that its sender fills. */
export abstract class FrameWriter extends Frame {
  protected records = 0;
  protected at = RECORDS_START;
  readonly #as: FrameKind;

  constructor(buffer: ArrayBuffer, as: FrameKind) {
    super(buffer);
    this.#as = as;
  }

  /** How many records are in it. */
  get length(): number {
    return this.records;
  }

  /** Ready to be transferred. */
  finish(): ArrayBuffer {
    this.seal(this.#as, this.records, this.at);
    return this.buffer;
  }

  /** True where one more record of this size fits; a frame that is empty was made for its first record. */
  protected hasRoom(recordBytes: number): boolean {
    return this.records < MAX_FRAME_RECORDS && this.at + recordBytes <= this.buffer.byteLength;
  }
}

/** The smallest buffer that holds one record of this size, and never less than the usual one. */
export function frameBytesFor(recordBytes: number): number {
  return Math.max(FRAME_BUFFER_BYTES, RECORDS_START + recordBytes);
}

import { Frame, FrameKind, FrameWriter, RECORDS_START } from "./frame.ts";

/**
 * The records of a frame of enumerated entries:
 *
 * | bytes | what                                                                    |
 * |-------|-------------------------------------------------------------------------|
 * | 0     | kind: 1 a message, 2 corrupt                                            |
 * | 2     | length of the key (uint16)                                              |
 * | 4     | length of the payload (uint32)                                          |
 * | 8     | the key, then the payload: the message, or the corruption's text, UTF-8 |
 */
export const EntryKind = { Item: 1, Corrupt: 2 } as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

const KEY_LENGTH = 2;
const LENGTH = 4;
const KEY = 8;
const MAX_KEY_BYTES = 0xffff;

export function entryRecordBytes(keyBytes: number, payloadBytes: number): number {
  return KEY + Math.min(keyBytes, MAX_KEY_BYTES) + payloadBytes;
}

export class EntryFrameWriter extends FrameWriter {
  constructor(buffer: ArrayBuffer) {
    super(buffer, FrameKind.Entries);
  }

  fits(keyBytes: number, payloadBytes: number): boolean {
    return this.hasRoom(entryRecordBytes(keyBytes, payloadBytes));
  }

  /** A foreign key may be longer than the length field can say: it is cut to 65,535 bytes. */
  append(kind: EntryKind, key: Uint8Array, payload: Uint8Array): void {
    const { bytes, view, at } = this;
    const shown = key.byteLength > MAX_KEY_BYTES ? key.subarray(0, MAX_KEY_BYTES) : key;
    bytes[at] = kind;
    view.setUint16(at + KEY_LENGTH, shown.byteLength, true);
    view.setUint32(at + LENGTH, payload.byteLength, true);
    bytes.set(shown, at + KEY);
    bytes.set(payload, at + KEY + shown.byteLength);
    this.records++;
    this.at = at + KEY + shown.byteLength + payload.byteLength;
  }
}

export interface RawEntry {
  readonly kind: EntryKind;
  /** A view, valid until the frame's buffer is reused. */
  readonly key: Uint8Array;
  /** A copy. */
  readonly payload: Uint8Array;
}

export class EntryFrameReader extends Frame {
  *[Symbol.iterator](): Generator<RawEntry> {
    let at = RECORDS_START;
    while (at < this.end) {
      const keyLength = this.view.getUint16(at + KEY_LENGTH, true);
      const length = this.view.getUint32(at + LENGTH, true);
      const payload = at + KEY + keyLength;
      yield {
        kind: this.bytes[at] as EntryKind,
        key: this.bytes.subarray(at + KEY, payload),
        payload: this.bytes.slice(payload, payload + length),
      };
      at = payload + length;
    }
  }
}

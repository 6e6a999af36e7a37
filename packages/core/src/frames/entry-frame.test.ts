import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyBytes, hex, patterned } from "../../test/bytes.ts";
import { EntryFrameReader, EntryFrameWriter, EntryKind, entryRecordBytes, type RawEntry } from "./entry-frame.ts";
import { FRAME_BUFFER_BYTES, FrameKind, frameBytesFor, MAX_FRAME_RECORDS } from "./frame.ts";

const anyEntry = fc.record({
  kind: fc.constantFrom(EntryKind.Item, EntryKind.Corrupt),
  key: fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), anyBytes(5_000)),
  payload: anyBytes(60_000),
});

const MAX_KEY_BYTES = 65_535;

function frameBuffer(): ArrayBuffer {
  return new ArrayBuffer(FRAME_BUFFER_BYTES);
}

/** Bytes as hex: vitest compares text much faster. */
function shown(entries: readonly RawEntry[]): object[] {
  return entries.map(({ kind, key, payload }) => ({ kind, key: hex(key), payload: hex(payload) }));
}

describe("a frame of entries", () => {
  it("holds what was put in, whatever the lengths of keys and messages", () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 60 }), (entries) => {
        const writer = new EntryFrameWriter(frameBuffer());
        let count = 0;
        for (const { kind, key, payload } of entries) {
          if (!writer.fits(key.byteLength, payload.byteLength)) break;
          writer.append(kind, key, payload);
          count++;
        }
        const reader = new EntryFrameReader(writer.finish());
        expect(reader.kind).toBe(FrameKind.Entries);
        expect(reader.count).toBe(count);
        expect(shown([...reader])).toStrictEqual(shown(entries.slice(0, count)));
      }),
    );
  });

  it("holds a key of up to 65,535 bytes and cuts a longer one", () => {
    for (const keyBytes of [0, 1, 255, 256, MAX_KEY_BYTES - 1, MAX_KEY_BYTES, MAX_KEY_BYTES + 1, 3 * MAX_KEY_BYTES]) {
      const key = patterned(keyBytes, 7);
      const payload = Uint8Array.of(1, 2, 3);
      const writer = new EntryFrameWriter(frameBuffer());
      expect(writer.fits(keyBytes, payload.byteLength)).toBe(true);
      writer.append(EntryKind.Corrupt, key, payload);
      writer.append(EntryKind.Item, Uint8Array.of(4), Uint8Array.of(5));
      const expected = [
        { kind: EntryKind.Corrupt, key: key.slice(0, MAX_KEY_BYTES), payload },
        { kind: EntryKind.Item, key: Uint8Array.of(4), payload: Uint8Array.of(5) },
      ];
      expect(shown([...new EntryFrameReader(writer.finish())])).toStrictEqual(shown(expected));
    }
  });

  it("takes one huge entry it was made for, and nothing after it", () => {
    const key = new Uint8Array(2 * MAX_KEY_BYTES).fill(3);
    const payload = new Uint8Array(4 * FRAME_BUFFER_BYTES).fill(4);
    const bytes = frameBytesFor(entryRecordBytes(key.byteLength, payload.byteLength));
    const writer = new EntryFrameWriter(new ArrayBuffer(bytes));
    expect(writer.fits(key.byteLength, payload.byteLength)).toBe(true);
    writer.append(EntryKind.Item, key, payload);
    expect(writer.fits(0, 0)).toBe(false);
    const [entry, ...others] = new EntryFrameReader(writer.finish());
    expect(others).toStrictEqual([]);
    expect(entry?.key.byteLength).toBe(MAX_KEY_BYTES);
    expect(Buffer.compare(entry?.payload ?? new Uint8Array(0), payload)).toBe(0);
  });

  it("takes MAX_FRAME_RECORDS entries and no more", () => {
    const writer = new EntryFrameWriter(frameBuffer());
    for (let index = 0; index < MAX_FRAME_RECORDS; index++) {
      expect(writer.fits(0, 0)).toBe(true);
      writer.append(EntryKind.Item, new Uint8Array(0), new Uint8Array(0));
    }
    expect(writer.fits(0, 0)).toBe(false);
    expect([...new EntryFrameReader(writer.finish())]).toHaveLength(MAX_FRAME_RECORDS);
  });

  it("is reused while the messages are kept: they are copies", () => {
    const writer = new EntryFrameWriter(frameBuffer());
    writer.append(EntryKind.Item, Uint8Array.of(1), Uint8Array.of(2));
    const buffer = writer.finish();
    const [entry] = new EntryFrameReader(buffer);
    new Uint8Array(buffer).fill(0xff);
    expect(entry?.payload).toStrictEqual(Uint8Array.of(2));
    expect(entry?.payload.buffer.byteLength).toBe(1);
    const again = new EntryFrameWriter(buffer);
    again.append(EntryKind.Corrupt, Uint8Array.of(3), Uint8Array.of(4));
    expect([...new EntryFrameReader(again.finish())]).toStrictEqual([
      { kind: EntryKind.Corrupt, key: Uint8Array.of(3), payload: Uint8Array.of(4) },
    ]);
  });
});

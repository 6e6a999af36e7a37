import * as zlib from "node:zlib";
import type { ResolvedParams } from "@rockspool/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorruptValueError, RAW_HEADER, ValueCodec } from "./value-codec.ts";

type Type = Exclude<ResolvedParams["compressionType"], "none">;

const HEADERS: Readonly<Record<Type, number>> = { snappy: 1, lz4: 2, zlib: 3, zstd: 4 };
const ZSTD = "zstdCompressSync" in zlib;
const TYPES = (Object.keys(HEADERS) as Type[]).filter((type) => type !== "zstd" || ZSTD);
const FLOOR_BYTES = 4_096;
const MIB = 1024 * 1024;

const reader = new ValueCodec("none", 0);

/** The value of a message: compressed, or raw after the header byte. */
function encoded(codec: ValueCodec, message: Uint8Array): Uint8Array {
  return codec.compress(message) ?? Uint8Array.of(RAW_HEADER, ...message);
}

/** Pieces of random bytes, repeated: from noise to data that compresses well. */
const anyMessage = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer({ min: 1, max: 60 })), { maxLength: 12 })
  .map((pieces) => Buffer.concat(pieces.flatMap(([piece, times]) => Array<Uint8Array>(times).fill(piece))));

function textOf(bytes: number): Buffer {
  return Buffer.alloc(bytes, "Received: from mail.example.org by spool.example.org; ");
}

/** Bytes that do not compress. */
function noise(bytes: number): Buffer {
  const chunk = Buffer.alloc(bytes);
  let state = 1;
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    chunk[at] = state >>> 24;
  }
  return chunk;
}

describe.each(TYPES)("%s", (type) => {
  const codec = new ValueCodec(type, 0);

  it("decodes every message, with any codec", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const value = encoded(codec, message);
        expect(Buffer.compare(reader.decompress(value), message)).toBe(0);
      }),
    );
  });

  it("writes its header byte, and makes the value smaller", () => {
    const value = encoded(codec, textOf(20_000));
    expect(value[0]).toBe(HEADERS[type]);
    expect(value.byteLength).toBeLessThan(5_000);
  });

  it("encodes and decodes views into larger buffers", () => {
    const inside = textOf(30_000).subarray(5_000, 25_000);
    expect(Buffer.compare(reader.decompress(encoded(codec, inside)), inside)).toBe(0);
    const value = encoded(codec, inside);
    const around = Buffer.concat([noise(100), value, noise(100)]).subarray(100, 100 + value.byteLength);
    expect(Buffer.compare(reader.decompress(around), inside)).toBe(0);
  });

  it("decodes what compresses best: 32 MiB of one byte", () => {
    const message = new Uint8Array(32 * MIB).fill(0x20);
    const value = codec.compress(message);
    expect(value?.[0]).toBe(HEADERS[type]);
    expect(Buffer.compare(reader.decompress(value as Uint8Array), message)).toBe(0);
  });

  it("keeps messages raw that it cannot make smaller, and empty ones", () => {
    expect(codec.compress(noise(50_000))).toBeNull();
    expect(codec.compress(new Uint8Array(0))).toBeNull();
    expect(codec.compress(Uint8Array.of(1, 2, 3))).toBeNull();
  });

  it("keeps messages below the minimum raw, to the byte", () => {
    const floored = new ValueCodec(type, FLOOR_BYTES);
    expect(floored.compress(textOf(FLOOR_BYTES - 1))).toBeNull();
    expect(floored.compress(textOf(FLOOR_BYTES))?.[0]).toBe(HEADERS[type]);
  });

  it("throws for a value truncated at any byte", () => {
    const value = encoded(codec, Buffer.concat([textOf(2_000), noise(300), textOf(2_000)]));
    for (let length = 0; length < value.byteLength; length++) {
      expect(() => reader.decompress(value.subarray(0, length)), `${length} bytes`).toThrow(CorruptValueError);
    }
  });

  it("throws for other bytes after its header, with the reason", () => {
    for (const bytes of [[], [0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x10, 0, 0, 0, 0xff, 0xff, 0xff]]) {
      const value = Uint8Array.of(HEADERS[type], ...bytes);
      let caught: unknown;
      try {
        reader.decompress(value);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(CorruptValueError);
      expect(caught).toMatchObject({ name: "CorruptValueError", cause: expect.any(Error) });
      expect((caught as Error).message).toMatch(/^the value does not decompress: .+/);
    }
  });
});

it.each([
  ["snappy", [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]],
  ["lz4", [2, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]],
])("a damaged length is found before it is allocated: %s", (_, value) => {
  expect(() => reader.decompress(Uint8Array.from(value))).toThrow(/claims 4294967295 bytes/);
});

describe("none", () => {
  it("compresses nothing", () => {
    expect(new ValueCodec("none", 0).compress(textOf(100_000))).toBeNull();
  });
});

describe("a raw value", () => {
  it("is the message after a zero byte, without a copy", () => {
    const value = Uint8Array.of(RAW_HEADER, 1, 2, 3);
    const message = reader.decompress(value);
    expect(message).toStrictEqual(Uint8Array.of(1, 2, 3));
    expect(message.buffer).toBe(value.buffer);
  });

  it("may hold an empty message", () => {
    expect(reader.decompress(Uint8Array.of(RAW_HEADER)).byteLength).toBe(0);
  });
});

describe("a value that is no message", () => {
  it("throws if it is empty", () => {
    expect(() => reader.decompress(new Uint8Array(0))).toThrow(
      new CorruptValueError("the value is empty: not even a header byte"),
    );
  });

  it.each([5, 6, 127, 254, 255])("throws for the header byte %i", (header) => {
    const error = new CorruptValueError(`the value's header byte is ${header}, which means nothing`);
    expect(() => reader.decompress(Uint8Array.of(header, 1, 2, 3))).toThrow(error);
  });
});

it("zstd throws on a Node without it", () => {
  if (ZSTD) return expect(new ValueCodec("zstd", 0).compress(textOf(10_000))).toBeInstanceOf(Uint8Array);
  expect(() => new ValueCodec("zstd", 0).compress(textOf(10_000))).toThrow(/no zstd/);
  expect(() => reader.decompress(Uint8Array.of(4, 1, 2, 3))).toThrow(/no zstd/);
});

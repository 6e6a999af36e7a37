import * as zlib from "node:zlib";
import type { ResolvedParams } from "@rockspool/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyCodec, CorruptBodyError, decompress, RAW_CODEC } from "./body-codec.ts";

type Type = Exclude<ResolvedParams["compressionType"], "none">;

const CODECS: Readonly<Record<Type, number>> = { snappy: 1, lz4: 2, zlib: 3, zstd: 4 };
const ZSTD = "zstdCompressSync" in zlib;
const TYPES = (Object.keys(CODECS) as Type[]).filter((type) => type !== "zstd" || ZSTD);
const FLOOR_BYTES = 4_096;
const MIB = 1024 * 1024;

interface Body {
  readonly codec: number;
  readonly bytes: Uint8Array;
}

/** The body of a message: compressed, or raw. */
function encoded(codec: BodyCodec, message: Uint8Array): Body {
  return codec.compress(message) ?? { codec: RAW_CODEC, bytes: message };
}

function decoded({ codec, bytes }: Body): Uint8Array {
  return decompress(codec, bytes);
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
  const codec = new BodyCodec(type, 0);

  it("decodes every message, with any codec", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(Buffer.compare(decoded(encoded(codec, message)), message)).toBe(0);
      }),
    );
  });

  it("says which codec it is, and makes the body smaller", () => {
    const body = encoded(codec, textOf(20_000));
    expect(body.codec).toBe(CODECS[type]);
    expect(body.bytes.byteLength).toBeLessThan(5_000);
  });

  it("encodes and decodes views into larger buffers", () => {
    const inside = textOf(30_000).subarray(5_000, 25_000);
    const body = encoded(codec, inside);
    expect(Buffer.compare(decoded(body), inside)).toBe(0);
    const { byteLength } = body.bytes;
    const around = Buffer.concat([noise(100), body.bytes, noise(100)]).subarray(100, 100 + byteLength);
    expect(Buffer.compare(decompress(body.codec, around), inside)).toBe(0);
  });

  it("decodes what compresses best: 32 MiB of one byte", () => {
    const message = new Uint8Array(32 * MIB).fill(0x20);
    const body = encoded(codec, message);
    expect(body.codec).toBe(CODECS[type]);
    expect(Buffer.compare(decoded(body), message)).toBe(0);
  });

  it("keeps messages raw that it cannot make smaller, and empty ones", () => {
    expect(codec.compress(noise(50_000))).toBeNull();
    expect(codec.compress(new Uint8Array(0))).toBeNull();
    expect(codec.compress(Uint8Array.of(1, 2, 3))).toBeNull();
  });

  it("keeps messages below the minimum raw, to the byte", () => {
    const floored = new BodyCodec(type, FLOOR_BYTES);
    expect(floored.compress(textOf(FLOOR_BYTES - 1))).toBeNull();
    expect(floored.compress(textOf(FLOOR_BYTES))?.codec).toBe(CODECS[type]);
  });

  it("throws for a body truncated at any byte", () => {
    const { codec: number, bytes } = encoded(codec, Buffer.concat([textOf(2_000), noise(300), textOf(2_000)]));
    expect(number).toBe(CODECS[type]);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(() => decompress(number, bytes.subarray(0, length)), `${length} bytes`).toThrow(CorruptBodyError);
    }
  });

  it("throws for other bytes, with the reason", () => {
    for (const bytes of [[], [0xff], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x10, 0, 0, 0, 0xff, 0xff, 0xff]]) {
      let caught: unknown;
      try {
        decompress(CODECS[type], Uint8Array.from(bytes));
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(CorruptBodyError);
      expect(caught).toMatchObject({ name: "CorruptBodyError", cause: expect.any(Error) });
      expect((caught as Error).message).toMatch(/^the body does not decompress: .+/);
    }
  });
});

it.each([
  ["snappy", 1, [0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]],
  ["lz4", 2, [0xff, 0xff, 0xff, 0xff, 1, 2, 3]],
])("a damaged length is found before it is allocated: %s", (_, codec, body) => {
  expect(() => decompress(codec, Uint8Array.from(body))).toThrow(/claims 4294967295 bytes/);
});

describe("none", () => {
  it("compresses nothing", () => {
    expect(new BodyCodec("none", 0).compress(textOf(100_000))).toBeNull();
  });
});

describe("a raw body", () => {
  it("is the message, without a copy", () => {
    const body = Uint8Array.of(1, 2, 3);
    expect(decompress(RAW_CODEC, body)).toBe(body);
  });

  it("may be empty", () => {
    expect(decompress(RAW_CODEC, new Uint8Array(0)).byteLength).toBe(0);
  });
});

it.each([5, 6, 127, 254, 255])("throws for the codec %i", (codec) => {
  const error = new CorruptBodyError(`the body's codec is ${codec}, which means nothing`);
  expect(() => decompress(codec, Uint8Array.of(1, 2, 3))).toThrow(error);
});

it("zstd throws on a Node without it", () => {
  if (ZSTD) return expect(new BodyCodec("zstd", 0).compress(textOf(10_000))?.codec).toBe(CODECS.zstd);
  expect(() => new BodyCodec("zstd", 0).compress(textOf(10_000))).toThrow(/no zstd/);
  expect(() => decompress(CODECS.zstd, Uint8Array.of(1, 2, 3))).toThrow(/no zstd/);
});

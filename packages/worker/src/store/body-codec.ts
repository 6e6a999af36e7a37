import { createRequire } from "node:module";
import * as zlib from "node:zlib";
import type { ResolvedParams } from "@rockspool/core";

/**
 * How a message's body is stored. The codec is in the record's table entry and in the index. Messages are compressed
 * one by one: the codec sees whole messages, unlike a block compressor, and a load decompresses nothing else.
 *
 * | codec  | the body                                            |
 * |--------|-----------------------------------------------------|
 * | 0      | the message                                         |
 * | 1      | snappy block format                                 |
 * | 2      | length (uint32, little-endian), then an LZ4 block   |
 * | 3      | zlib                                                |
 * | 4      | zstd frame                                          |
 */
export const RAW_CODEC = 0;

type CompressionType = ResolvedParams["compressionType"];

interface Method {
  readonly codec: number;
  compress(message: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array): Uint8Array;
}

/** The largest message: `maxPendingBytes` is limited to this. A larger length in a body is damage. */
const MAX_MESSAGE_BYTES = 2 ** 30;

/** The highest compression ratio of a block (snappy: a copy of 64 bytes takes 3 bytes; LZ4: a length byte adds 255). */
const SNAPPY_MAX_RATIO = 64 / 3;
const LZ4_MAX_RATIO = 255;

const require = createRequire(import.meta.url);
const snappy: typeof import("snappy") = require("snappy");
const lz4: typeof import("lz4-napi") = require("lz4-napi");

/** In Node since 22.15; Node 20 has no zstd. */
const zstd = zlib as unknown as {
  zstdCompressSync?: (message: Uint8Array) => Uint8Array;
  zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
};

const METHODS: Readonly<Record<Exclude<CompressionType, "none">, Method>> = {
  snappy: {
    codec: 1,
    compress: (message) => snappy.compressSync(message),
    decompress: (bytes) => {
      mustBeWithin(snappyLength(bytes), bytes.byteLength * SNAPPY_MAX_RATIO);
      return snappy.uncompressSync(bytes, { asBuffer: true }) as Uint8Array;
    },
  },
  lz4: {
    codec: 2,
    compress: (message) => lz4.compressSync(asBuffer(message)),
    decompress: (bytes) => {
      const length = asBuffer(bytes).readUInt32LE(0);
      mustBeWithin(length, bytes.byteLength * LZ4_MAX_RATIO);
      const message = lz4.uncompressSync(bytes);
      // Some truncated blocks decompress without an error, to fewer bytes.
      if (message.byteLength !== length) throw new Error(`${message.byteLength} bytes came of it, not ${length}`);
      return message;
    },
  },
  zlib: {
    codec: 3,
    compress: (message) => zlib.deflateSync(message),
    decompress: (bytes) => zlib.inflateSync(bytes, { maxOutputLength: MAX_MESSAGE_BYTES }),
  },
  zstd: {
    codec: 4,
    compress: (message) => available(zstd.zstdCompressSync)(message),
    decompress: (bytes) => available(zstd.zstdDecompressSync)(bytes, { maxOutputLength: MAX_MESSAGE_BYTES }),
  },
};

const BY_CODEC = new Map(Object.values(METHODS).map((method) => [method.codec, method]));

/** The body is damaged or does not decode to a message. The error's text says why. */
export class CorruptBodyError extends Error {
  override readonly name = "CorruptBodyError";
}

export class BodyCodec {
  readonly #method: Method | null;
  readonly #minBytes: number;

  /** Messages smaller than `minBytes` stay raw: below 4 KiB snappy costs 2–5 µs for a ratio of 1.2 on mail. */
  constructor(type: CompressionType, minBytes: number) {
    this.#method = type === "none" ? null : METHODS[type];
    this.#minBytes = minBytes;
  }

  /** The compressed body; null if compression is off, the message is small, or it does not shrink. */
  compress(message: Uint8Array): { readonly codec: number; readonly bytes: Uint8Array } | null {
    if (this.#method === null || message.byteLength < this.#minBytes) return null;
    const bytes = this.#method.compress(message);
    return bytes.byteLength >= message.byteLength ? null : { codec: this.#method.codec, bytes };
  }
}

/** The message; `body` itself if it is raw. Throws a `CorruptBodyError`. */
export function decompress(codec: number, body: Uint8Array): Uint8Array {
  if (codec === RAW_CODEC) return body;
  const method = BY_CODEC.get(codec);
  if (method === undefined) throw new CorruptBodyError(`the body's codec is ${codec}, which means nothing`);
  try {
    return method.decompress(body);
  } catch (cause) {
    throw new CorruptBodyError(`the body does not decompress: ${(cause as Error).message}`, { cause });
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function available<F>(method: F | undefined): F {
  if (method === undefined) throw new Error(`Node ${process.versions.node} has no zstd: 22.15 or later has`);
  return method;
}

/** The message length at the start of a snappy block: a varint, 7 bits a byte, lowest first. */
function snappyLength(bytes: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return length;
  }
  return Number.POSITIVE_INFINITY;
}

/** Checked first: the decompressors allocate this length at once, and a failed allocation ends the process. */
function mustBeWithin(length: number, maxLength: number): void {
  if (length > maxLength)
    throw new Error(`it claims ${length} bytes, and no more than ${Math.floor(maxLength)} can be in it`);
}

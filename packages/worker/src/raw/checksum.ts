import { createRequire } from "node:module";
import type { IHasher } from "hash-wasm";

/** The numbers that a table's footer has for them. */
export const CRC32C = 1;
export const XXH3 = 4;
export type ChecksumType = typeof CRC32C | typeof XXH3;
export const CHECKSUM_TYPES: readonly ChecksumType[] = [XXH3, CRC32C];

/** The polynomial of CRC-32C (Castagnoli), its lowest bit first. */
const CASTAGNOLI = 0x82f63b78;
/** RocksDB stores a CRC turned by 15 bits and with this added, so that a CRC over data that holds CRCs is no weaker. */
const CRC_MASK = 0xa282ead8;
/** What RocksDB multiplies the last byte with, which it leaves out of XXH3. */
const LAST_BYTE_FACTOR = 0x6b9083d9;

const UINT32 = 2 ** 32;

const require = createRequire(import.meta.url);

/** The checksums of RocksDB's files, as they are stored. */
export class Checksums {
  readonly #crc32c: IHasher;
  readonly #xxh3: IHasher;

  private constructor(crc32c: IHasher, xxh3: IHasher) {
    this.#crc32c = crc32c;
    this.#xxh3 = xxh3;
  }

  /** With `require`: an import has Node look for the exports in 280 KB of CommonJS, 75 ms of CPU time in each shard's thread. */
  static async load(): Promise<Checksums> {
    const { createCRC32, createXXHash3 } = require("hash-wasm") as typeof import("hash-wasm");
    return new Checksums(await createCRC32(CASTAGNOLI), await createXXHash3());
  }

  /** Of a log's record. */
  maskedCrc32c(bytes: Uint8Array): number {
    const crc = low32(this.#crc32c.init().update(bytes));
    return (((crc >>> 15) | (crc << 17)) + CRC_MASK) >>> 0;
  }

  /** Of a table's block with its type byte, or of a footer. */
  ofTable(type: ChecksumType, bytes: Uint8Array): number {
    if (type === CRC32C) return this.maskedCrc32c(bytes);
    const last = bytes.byteLength - 1;
    const hash = low32(this.#xxh3.init().update(bytes.subarray(0, last)));
    return (hash ^ Math.imul(bytes[last]!, LAST_BYTE_FACTOR)) >>> 0;
  }
}

function low32(hasher: IHasher): number {
  const digest = hasher.digest("binary");
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).readUInt32BE(digest.byteLength - 4);
}

/** What tells the checksums of one table from those of all others: each depends on its place as well (from format version 6 on). */
export interface ChecksumContext {
  readonly type: ChecksumType;
  /** A random number of the table. */
  readonly base: number;
}

/** What is added to the checksum of what stands at `offset`. */
export function contextModifier(base: number, offset: number): number {
  return (base ^ folded(offset)) >>> 0;
}

/** The base with which `stored` is right at `offset`. */
export function contextBase(stored: number, computed: number, offset: number): number {
  return ((stored - computed) ^ folded(offset)) >>> 0;
}

function folded(offset: number): number {
  return ((offset % UINT32) + Math.floor(offset / UINT32)) >>> 0;
}

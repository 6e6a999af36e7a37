import { createRequire } from "node:module";
import type { IHasher } from "hash-wasm";

/** Checksum types, as a table's footer numbers them. */
export const CRC32C = 1;
export const XXH3 = 4;
export type ChecksumType = typeof CRC32C | typeof XXH3;
export const CHECKSUM_TYPES: readonly ChecksumType[] = [XXH3, CRC32C];

/** The polynomial of CRC-32C (Castagnoli), its lowest bit first. */
const CASTAGNOLI = 0x82f63b78;
/** RocksDB rotates a CRC by 15 bits and adds this before it stores it: a CRC over data that contains CRCs is weak. */
const CRC_MASK = 0xa282ead8;
/** RocksDB leaves the last byte out of an XXH3, multiplies it by this and XORs it in. */
const LAST_BYTE_FACTOR = 0x6b9083d9;

const UINT32 = 2 ** 32;

const require = createRequire(import.meta.url);

/** The checksums of RocksDB's files, in their stored form. */
export class Checksums {
  readonly #crc32c: IHasher;
  readonly #xxh3: IHasher;

  private constructor(crc32c: IHasher, xxh3: IHasher) {
    this.#crc32c = crc32c;
    this.#xxh3 = xxh3;
  }

  /**
   * Loads the library on first use. By `require`: an import has Node search 280 KB of CommonJS for its exports, 75 ms
   * of CPU time in each shard's thread.
   */
  static async load(): Promise<Checksums> {
    const { createCRC32, createXXHash3 } = require("hash-wasm") as typeof import("hash-wasm");
    return new Checksums(await createCRC32(CASTAGNOLI), await createXXHash3());
  }

  /** The checksum of a log record. */
  maskedCrc32c(bytes: Uint8Array): number {
    const crc = low32(this.#crc32c.init().update(bytes));
    return (((crc >>> 15) | (crc << 17)) + CRC_MASK) >>> 0;
  }

  /** The checksum of a table's block and its type byte, or of a footer, without the context's modifier. */
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

/**
 * Makes checksums differ between tables. From format version 6 on RocksDB adds a modifier to each, made of the table's
 * base and the offset.
 */
export interface ChecksumContext {
  readonly type: ChecksumType;
  /** A random number, one per table. */
  readonly base: number;
}

/** What is added to the checksum of a block or footer at `offset`. */
export function contextModifier(base: number, offset: number): number {
  return (base ^ folded(offset)) >>> 0;
}

/** The base for which `stored` is the right checksum at `offset`. */
export function contextBase(stored: number, computed: number, offset: number): number {
  return ((stored - computed) ^ folded(offset)) >>> 0;
}

function folded(offset: number): number {
  return ((offset % UINT32) + Math.floor(offset / UINT32)) >>> 0;
}

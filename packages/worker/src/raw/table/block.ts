import { ByteReader, MalformedError } from "../byte-reader.ts";
import {
  CHECKSUM_TYPES,
  type ChecksumContext,
  type Checksums,
  type ChecksumType,
  contextBase,
  contextModifier,
} from "../checksum.ts";
import type { RawFile } from "../raw-file.ts";

/** The place of a block in a table. The length does not include the trailer. */
export interface BlockHandle {
  readonly offset: number;
  readonly length: number;
}

/** A key and its value, as in every block that is not an index. */
export interface BlockEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** After each block: its compression type (1 byte), then its checksum (uint32, little-endian). */
export const TRAILER_BYTES = 5;
export const UNCOMPRESSED = 0;
const UINT32_BYTES = 4;

/** A block in memory. Its bytes are what RocksDB wrote only if `hasValidChecksum`. */
export class Block {
  readonly handle: BlockHandle;
  readonly contents: Buffer;
  readonly #withTrailer: Buffer;

  private constructor(handle: BlockHandle, withTrailer: Buffer) {
    this.handle = handle;
    this.contents = withTrailer.subarray(0, handle.length);
    this.#withTrailer = withTrailer;
  }

  /** Null if the file ends before the block does. */
  static read(file: RawFile, handle: BlockHandle): Block | null {
    const bytes = handle.length + TRAILER_BYTES;
    if (handle.offset < 0 || handle.offset + bytes > file.size) return null;
    const withTrailer = file.read(handle.offset, bytes);
    return withTrailer.byteLength === bytes ? new Block(handle, withTrailer) : null;
  }

  get isCompressed(): boolean {
    return this.#withTrailer[this.handle.length] !== UNCOMPRESSED;
  }

  /** The offset of the next block. */
  get end(): number {
    return this.handle.offset + this.#withTrailer.byteLength;
  }

  hasValidChecksum(checksums: Checksums, { type, base }: ChecksumContext): boolean {
    return (this.#computed(checksums, type) + contextModifier(base, this.handle.offset)) >>> 0 === this.#stored;
  }

  /**
   * The contexts in which the checksum is valid: one for each type. A context counts only if another block has it too.
   */
  contexts(checksums: Checksums): ChecksumContext[] {
    return CHECKSUM_TYPES.map((type) => {
      const base = contextBase(this.#stored, this.#computed(checksums, type), this.handle.offset);
      return { type, base };
    });
  }

  /** The entries in key order. Throws `MalformedError`. */
  *entries(): Generator<BlockEntry> {
    const reader = this.entryBytes();
    let key = Buffer.alloc(0);
    while (!reader.done) {
      const shared = reader.varint();
      const unshared = reader.varint();
      const valueLength = reader.varint();
      if (shared > key.byteLength) throw new MalformedError("a key shares more bytes than the previous key has");
      key = Buffer.concat([key.subarray(0, shared), reader.take(unshared)]);
      yield { key, value: reader.take(valueLength) };
    }
  }

  /** The block without its restart array, whose last number is the count of the others. */
  entryBytes(): ByteReader {
    const end = this.contents.byteLength - UINT32_BYTES;
    const restarts = end < 0 ? 0 : this.contents.readUInt32LE(end);
    const length = end - restarts * UINT32_BYTES;
    if (length < 0) throw new MalformedError("its restart array is longer than the block");
    return new ByteReader(this.contents.subarray(0, length));
  }

  get #stored(): number {
    return this.#withTrailer.readUInt32LE(this.handle.length + 1);
  }

  #computed(checksums: Checksums, type: ChecksumType): number {
    return checksums.ofTable(type, this.#withTrailer.subarray(0, this.handle.length + 1));
  }
}

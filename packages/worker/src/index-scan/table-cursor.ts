import { ByteReader } from "../raw/byte-reader.ts";
import type { ChecksumContext, Checksums } from "../raw/checksum.ts";
import { contextModifier } from "../raw/checksum.ts";
import { RawFile } from "../raw/raw-file.ts";
import { Block, type BlockHandle, TRAILER_BYTES } from "../raw/table/block.ts";
import { readFooter } from "../raw/table/footer.ts";
import { dataHandles, readHandle } from "../raw/table/index-block.ts";

/** Behind the user's key: a sequence number (56 bits) and the type of the version (8 bits). */
const SUFFIX_BYTES = 8;
const MAX_KEY_BYTES = 1024;
/** Bytes of one read, in whole blocks. */
const READ_BYTES = 256 * 1024;
const INDEX = "rocksdb.index";
const RANGE_DELETIONS = "rocksdb.range_del";
const UNCOMPRESSED = 0;
const UINT32_BYTES = 4;

/** The table is damaged or has a format that is not known here. Use RocksDB's own iterator instead. */
export class UnreadableTableError extends Error {
  override readonly name = "UnreadableTableError";
}

/**
 * Steps through the entries of one RocksDB table in the order of their keys, without an object for each. Checks the
 * checksum of every block. The fields describe the entry that the last `next` stepped to.
 */
export class TableCursor {
  readonly #file: RawFile;
  readonly #checksums: Checksums;
  readonly #context: ChecksumContext;
  readonly #handles: readonly BlockHandle[];
  #nextHandle = 0;
  /** Blocks of one read, and their range in the file. */
  #run: Buffer = Buffer.alloc(0);
  #runStart = 0;
  #runEnd = 0;
  #at = 0;
  #end = 0;
  /** The whole key, `keyBytes` long with its suffix. */
  readonly key = Buffer.alloc(MAX_KEY_BYTES + SUFFIX_BYTES);
  keyBytes = 0;
  /** The buffer that contains the value, from `valueAt` on. */
  bytes: Buffer = this.#run;
  valueAt = 0;
  valueBytes = 0;

  private constructor(file: RawFile, checksums: Checksums, context: ChecksumContext, handles: readonly BlockHandle[]) {
    this.#file = file;
    this.#checksums = checksums;
    this.#context = context;
    this.#handles = handles;
  }

  /** Throws an `UnreadableTableError`, or the error of opening the file. */
  static open(path: string, checksums: Checksums): TableCursor {
    const file = new RawFile(path, (_offset, _length, reason) => {
      throw new UnreadableTableError(`${path}: ${reason}`);
    });
    try {
      const footer = readFooter(file, checksums);
      if (footer === null) throw new UnreadableTableError(`${path}: its footer is not one that is known here`);
      const { context, metaindex } = footer;
      const read = (handle: BlockHandle): Block => {
        const block = Block.read(file, handle);
        if (block?.hasValidChecksum(checksums, context) !== true || block.isCompressed) {
          throw new UnreadableTableError(`${path}: the block at ${handle.offset} is damaged`);
        }
        return block;
      };
      let index: BlockHandle | null = null;
      for (const { key, value } of read(metaindex).entries()) {
        const name = key.toString("latin1");
        if (name === RANGE_DELETIONS) throw new UnreadableTableError(`${path}: it deletes ranges`);
        if (name === INDEX) index = readHandle(new ByteReader(value));
      }
      const handles = index === null ? null : dataHandles(read(index));
      if (handles === null) throw new UnreadableTableError(`${path}: its index cannot be read`);
      return new TableCursor(file, checksums, context, handles);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The key's length without its suffix. */
  get userKeyBytes(): number {
    return this.keyBytes - SUFFIX_BYTES;
  }

  /** The type of the version. */
  get type(): number {
    return this.key[this.keyBytes - SUFFIX_BYTES] as number;
  }

  /** The sequence number; below 2^53. */
  get sequence(): number {
    const at = this.keyBytes - SUFFIX_BYTES;
    return this.key.readUIntLE(at + 1, 6) + (this.key[at + 7] as number) * 2 ** 48;
  }

  /** Steps to the next entry; false at the end. Throws an `UnreadableTableError`. */
  next(): boolean {
    while (this.#at >= this.#end) if (!this.#nextBlock()) return false;
    const shared = this.#varint();
    const unshared = this.#varint();
    const valueBytes = this.#varint();
    const keyBytes = shared + unshared;
    const isOdd = shared > this.keyBytes || keyBytes > this.key.byteLength || keyBytes < SUFFIX_BYTES;
    if (isOdd || this.#at + unshared + valueBytes > this.#end) throw this.#unreadable("an entry is malformed");
    const { key } = this;
    const bytes = this.#run;
    let at = this.#at;
    for (let to = shared; to < keyBytes; to++) key[to] = bytes[at++] as number;
    this.keyBytes = keyBytes;
    this.bytes = bytes;
    this.valueAt = at;
    this.valueBytes = valueBytes;
    this.#at = at + valueBytes;
    return true;
  }

  close(): void {
    this.#file.close();
  }

  #nextBlock(): boolean {
    const handle = this.#handles[this.#nextHandle];
    if (handle === undefined) return false;
    if (handle.offset >= this.#runEnd) this.#read();
    this.#nextHandle++;
    const start = handle.offset - this.#runStart;
    const end = start + handle.length;
    const bytes = this.#run;
    if (bytes[end] !== UNCOMPRESSED) throw this.#unreadable(`the block at ${handle.offset} is compressed`);
    const { type, base } = this.#context;
    const computed = this.#checksums.ofTable(type, bytes.subarray(start, end + 1));
    if ((computed + contextModifier(base, handle.offset)) >>> 0 !== bytes.readUInt32LE(end + 1)) {
      throw this.#unreadable(`the block at ${handle.offset} is damaged`);
    }
    const restarts = bytes.readUInt32LE(end - UINT32_BYTES);
    this.#at = start;
    this.#end = end - UINT32_BYTES - restarts * UINT32_BYTES;
    if (this.#end < start) throw this.#unreadable(`the block at ${handle.offset} is malformed`);
    this.keyBytes = 0;
    return true;
  }

  /** Reads as many whole blocks as fit, at least one. */
  #read(): void {
    const first = this.#handles[this.#nextHandle] as BlockHandle;
    let end = first.offset + first.length + TRAILER_BYTES;
    for (let i = this.#nextHandle + 1; i < this.#handles.length; i++) {
      const { offset, length } = this.#handles[i] as BlockHandle;
      if (offset + length + TRAILER_BYTES - first.offset > READ_BYTES) break;
      end = offset + length + TRAILER_BYTES;
    }
    this.#run = this.#file.read(first.offset, end - first.offset);
    this.#runStart = first.offset;
    this.#runEnd = end;
    if (this.#run.byteLength < end - first.offset) throw this.#unreadable("it ends too early");
  }

  #varint(): number {
    const bytes = this.#run;
    let value = bytes[this.#at++] as number;
    if (value < 0x80) return value;
    value &= 0x7f;
    for (let scale = 0x80; scale <= 2 ** 28; scale *= 0x80) {
      const byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw this.#unreadable("a number has too many bytes");
  }

  #unreadable(reason: string): UnreadableTableError {
    return new UnreadableTableError(`${this.#file.path}: ${reason}`);
  }
}

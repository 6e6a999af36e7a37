import { CHECKSUM_TYPES, type ChecksumContext, type Checksums, contextModifier } from "../checksum.ts";
import type { RawFile } from "../raw-file.ts";
import { type BlockHandle, TRAILER_BYTES } from "./block.ts";

/** The last bytes of a table in format version 6 (docs/on-disk-format.md). */
const FOOTER_BYTES = 53;
const AT = {
  type: 0,
  extendedMagic: 1,
  checksum: 5,
  base: 9,
  metaindexBytes: 13,
  reserved: 33,
  version: 41,
  magic: 45,
};
const EXTENDED_MAGIC = 0x007a003e;
const VERSION = 6;
const MAGIC = 0x88e241b785f4cff7n;

export interface Footer {
  readonly context: ChecksumContext;
  readonly metaindex: BlockHandle;
}

/** Null if the footer is damaged or has another version. */
export function readFooter(file: RawFile, checksums: Checksums): Footer | null {
  const offset = file.size - FOOTER_BYTES;
  if (offset < 0) return null;
  const bytes = file.read(offset, FOOTER_BYTES);
  const type = CHECKSUM_TYPES.find((known) => known === bytes[AT.type]);
  if (type === undefined || bytes.readBigUInt64LE(AT.magic) !== MAGIC) return null;
  if (bytes.readUInt32LE(AT.version) !== VERSION || bytes.readUInt32LE(AT.extendedMagic) !== EXTENDED_MAGIC)
    return null;
  if (bytes.readBigUInt64LE(AT.reserved) !== 0n) return null;
  const base = bytes.readUInt32LE(AT.base);
  const stored = bytes.readUInt32LE(AT.checksum);
  bytes.writeUInt32LE(0, AT.checksum);
  if ((checksums.ofTable(type, bytes) + contextModifier(base, offset)) >>> 0 !== stored) return null;
  const length = bytes.readUInt32LE(AT.metaindexBytes);
  return { context: { type, base }, metaindex: { offset: offset - TRAILER_BYTES - length, length } };
}

import { crc32 } from "node:zlib";
import { WRITE_RECORD_BYTES } from "@rockspool/core";

/**
 * A block of the message log: a header, the table of records of one frame, then their bodies.
 *
 * | bytes  | what                                                                                              |
 * |--------|---------------------------------------------------------------------------------------------------|
 * | 0      | magic, "RBLK"                                                                                     |
 * | 4      | format (uint16), 2                                                                                |
 * | 6      | shard (uint16)                                                                                    |
 * | 8      | identity of the spool (8 bytes)                                                                   |
 * | 16     | epoch (uint32): how often the shard was opened for writing                                        |
 * | 20     | segment (uint32)                                                                                  |
 * | 24     | number of the block (float64), rising by one from block to block                                  |
 * | 32     | offset of the header in the segment (uint32)                                                      |
 * | 36     | length of the block, header and bodies included (uint32)                                          |
 * | 40     | number of records (uint32)                                                                        |
 * | 44     | CRC-32 of the table (uint32)                                                                      |
 * | 48     | the newest block that was known to be synced when this one was written (float64)                  |
 * | 56     | 0 (uint32)                                                                                        |
 * | 60     | CRC-32 of bytes 0 to 59 (uint32)                                                                  |
 * | 64     | the table: 40 bytes a record (core's write frame)                                                 |
 * | …      | the bodies, in the order of the table; each has its CRC-32 in the table                           |
 *
 * The header names spool, shard, segment and offset. So a message that contains a copy of a block, or a file that was
 * put in the place of another, does not pass for a block.
 */
export const BLOCK_HEADER_BYTES = 64;
export const FORMAT = 2;

/** The magic. A scan searches for it behind damage. */
export const BLOCK_MAGIC = Buffer.from("RBLK", "latin1");

/** No block is longer: a message of 1 GiB, the largest `maxPendingBytes`, and a full table. */
export const MAX_BLOCK_BYTES = 2 ** 31;

/** The shard that a log belongs to. */
export interface LogIdentity {
  /** 16 hex digits. */
  readonly spool: string;
  readonly shard: number;
}

export interface BlockHeader {
  readonly epoch: number;
  readonly segment: number;
  readonly block: number;
  readonly offset: number;
  readonly bytes: number;
  readonly records: number;
  readonly tableChecksum: number;
  readonly syncedThrough: number;
}

const At = {
  magic: 0,
  format: 4,
  shard: 6,
  spool: 8,
  epoch: 16,
  segment: 20,
  block: 24,
  offset: 32,
  bytes: 36,
  records: 40,
  tableChecksum: 44,
  syncedThrough: 48,
  reserved: 56,
  checksum: 60,
} as const;

/** Offset of the bodies in a block. */
export function bodiesOffset(records: number): number {
  return BLOCK_HEADER_BYTES + records * WRITE_RECORD_BYTES;
}

export function writeBlockHeader(into: Buffer, { spool, shard }: LogIdentity, header: BlockHeader): void {
  BLOCK_MAGIC.copy(into, At.magic);
  into.writeUInt16LE(FORMAT, At.format);
  into.writeUInt16LE(shard, At.shard);
  into.write(spool, At.spool, "hex");
  into.writeUInt32LE(header.epoch, At.epoch);
  into.writeUInt32LE(header.segment, At.segment);
  into.writeDoubleLE(header.block, At.block);
  into.writeUInt32LE(header.offset, At.offset);
  into.writeUInt32LE(header.bytes, At.bytes);
  into.writeUInt32LE(header.records, At.records);
  into.writeUInt32LE(header.tableChecksum, At.tableChecksum);
  into.writeDoubleLE(header.syncedThrough, At.syncedThrough);
  into.writeUInt32LE(0, At.reserved);
  into.writeUInt32LE(crc32(into.subarray(0, At.checksum)), At.checksum);
}

/** Null if the bytes are not the header of a block that was written at this offset of this segment. */
export function readBlockHeader(
  bytes: Buffer,
  { spool, shard }: LogIdentity,
  segment: number,
  offset: number,
): BlockHeader | null {
  if (bytes.byteLength < BLOCK_HEADER_BYTES || !bytes.subarray(0, BLOCK_MAGIC.byteLength).equals(BLOCK_MAGIC))
    return null;
  if (bytes.readUInt32LE(At.checksum) !== crc32(bytes.subarray(0, At.checksum))) return null;
  const header = {
    epoch: bytes.readUInt32LE(At.epoch),
    segment: bytes.readUInt32LE(At.segment),
    block: bytes.readDoubleLE(At.block),
    offset: bytes.readUInt32LE(At.offset),
    bytes: bytes.readUInt32LE(At.bytes),
    records: bytes.readUInt32LE(At.records),
    tableChecksum: bytes.readUInt32LE(At.tableChecksum),
    syncedThrough: bytes.readDoubleLE(At.syncedThrough),
  };
  const isOurs =
    bytes.readUInt16LE(At.format) === FORMAT &&
    bytes.readUInt16LE(At.shard) === shard &&
    bytes.toString("hex", At.spool, At.epoch) === spool;
  const isHere = header.segment === segment && header.offset === offset;
  return isOurs && isHere && header.bytes >= bodiesOffset(header.records) ? header : null;
}

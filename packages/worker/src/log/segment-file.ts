import { join } from "node:path";
import { crc32 } from "node:zlib";
import { FORMAT, type LogIdentity } from "./block-format.ts";

/**
 * A segment: one file of the message log. A header of 64 bytes, then blocks without gaps.
 *
 * | bytes  | what                                                                                   |
 * |--------|----------------------------------------------------------------------------------------|
 * | 0      | magic, "RSEG"                                                                          |
 * | 4      | format (uint16), 2                                                                     |
 * | 6      | shard (uint16)                                                                         |
 * | 8      | identity of the spool (8 bytes)                                                        |
 * | 16     | epoch (uint32)                                                                         |
 * | 20     | segment (uint32)                                                                       |
 * | 24     | number of its first block (float64)                                                    |
 * | 32     | the segment before (uint32); 0 for none                                                |
 * | 36     | where the blocks of the segment before end (uint32)                                    |
 * | 40     | the first live segment when this one was made (uint32)                                 |
 * | 44     | 0 (16 bytes)                                                                           |
 * | 60     | CRC-32 of bytes 0 to 59 (uint32)                                                       |
 */
export const SEGMENT_HEADER_BYTES = 64;

const MAGIC = Buffer.from("RSEG", "latin1");
const NAME = /^(\d{10})\.seg$/;

export interface SegmentHeader {
  readonly epoch: number;
  readonly segment: number;
  readonly firstBlock: number;
  readonly previous: { readonly segment: number; readonly end: number };
  readonly firstSegment: number;
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(10, "0")}.seg`;
}

export function segmentPath(directory: string, segment: number): string {
  return join(directory, segmentName(segment));
}

/** The number of the segment with this file name; null for other files. */
export function segmentNumber(name: string): number | null {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

export function encodeSegmentHeader({ spool, shard }: LogIdentity, header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt16LE(FORMAT, 4);
  bytes.writeUInt16LE(shard, 6);
  bytes.write(spool, 8, "hex");
  bytes.writeUInt32LE(header.epoch, 16);
  bytes.writeUInt32LE(header.segment, 20);
  bytes.writeDoubleLE(header.firstBlock, 24);
  bytes.writeUInt32LE(header.previous.segment, 32);
  bytes.writeUInt32LE(header.previous.end, 36);
  bytes.writeUInt32LE(header.firstSegment, 40);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60);
  return bytes;
}

/** Null if the bytes are not the header of this segment of this shard. */
export function decodeSegmentHeader(
  bytes: Buffer,
  { spool, shard }: LogIdentity,
  segment: number,
): SegmentHeader | null {
  if (bytes.byteLength < SEGMENT_HEADER_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return null;
  if (bytes.readUInt32LE(60) !== crc32(bytes.subarray(0, 60))) return null;
  const isOurs =
    bytes.readUInt16LE(4) === FORMAT &&
    bytes.readUInt16LE(6) === shard &&
    bytes.toString("hex", 8, 16) === spool &&
    bytes.readUInt32LE(20) === segment;
  if (!isOurs) return null;
  return {
    epoch: bytes.readUInt32LE(16),
    segment,
    firstBlock: bytes.readDoubleLE(24),
    previous: { segment: bytes.readUInt32LE(32), end: bytes.readUInt32LE(36) },
    firstSegment: bytes.readUInt32LE(40),
  };
}

/** The identity of the spool in a segment's header; null if the bytes are not a header. */
export function segmentOwner(bytes: Buffer): string | null {
  if (bytes.byteLength < SEGMENT_HEADER_BYTES || !bytes.subarray(0, 4).equals(MAGIC)) return null;
  return bytes.readUInt32LE(60) === crc32(bytes.subarray(0, 60)) ? bytes.toString("hex", 8, 16) : null;
}

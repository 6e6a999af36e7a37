import { crc32 } from "node:zlib";

/**
 * Messages as one stream of bytes that every later version can read. docs/export-format.md defines each byte.
 *
 *     head, any number of messages, tail
 */
export const STREAM_MAGIC = "rockspool stream";
export const STREAM_VERSION = 1;

/** The magic, the version, the CRC. */
export const HEAD_BYTES = STREAM_MAGIC.length + 4 + 4;

export const RecordType = { Message: 1, End: 2 } as const;
export const TYPE_BYTES = 1;
export const ID_BYTES = 16;
/** After the type: id, length, CRC. */
export const MESSAGE_HEADER_BYTES = ID_BYTES + 4 + 4;
/** After the type: number of messages, their bytes, CRC. */
export const TAIL_BYTES = 8 + 8 + 4;
export const CRC_BYTES = 4;

export function isStreamName(path: string): boolean {
  return path.endsWith(".rockspool");
}

/** Writes the CRC-32 of the bytes into the last four of them. */
export function sealed(bytes: Buffer): Buffer {
  const end = bytes.byteLength - CRC_BYTES;
  bytes.writeUInt32LE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

export function isSealed(bytes: Buffer): boolean {
  const end = bytes.byteLength - CRC_BYTES;
  return bytes.readUInt32LE(end) === crc32(bytes.subarray(0, end));
}

/**
 * Where a message's body lies: the value of an index entry. A place in the log is written once and never used again, so
 * an entry gives its own body or an error.
 *
 * | bytes | what                                                    |
 * |-------|---------------------------------------------------------|
 * | 0     | epoch (uint32)                                          |
 * | 4     | segment (uint32)                                        |
 * | 8     | offset of the body in the segment (uint32)              |
 * | 12    | length of the body as stored (uint32)                   |
 * | 16    | length of the message (uint32)                          |
 * | 20    | CRC-32 of the body as stored (uint32)                   |
 * | 24    | codec of the body                                       |
 */
export const PLACE_BYTES = 25;

/** Approximate size of an entry in a memtable: id, place and RocksDB's overhead. */
export const INDEX_ENTRY_BYTES = 100;

export interface Place {
  readonly epoch: number;
  readonly segment: number;
  readonly offset: number;
  readonly storedLength: number;
  readonly length: number;
  readonly checksum: number;
  readonly codec: number;
}

/** Null if the bytes are not a place. */
export function readPlace(bytes: Uint8Array): Place | null {
  if (bytes.byteLength !== PLACE_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, PLACE_BYTES);
  return {
    epoch: view.getUint32(0, true),
    segment: view.getUint32(4, true),
    offset: view.getUint32(8, true),
    storedLength: view.getUint32(12, true),
    length: view.getUint32(16, true),
    checksum: view.getUint32(20, true),
    codec: bytes[24] as number,
  };
}

/** One version of a key in a table or log of RocksDB. */
export interface RawEntry {
  readonly key: Uint8Array;
  /** A view of the block or batch that it was read from; null for a deletion. */
  readonly value: Uint8Array | null;
  /** The version with the highest number is the newest. A compaction to the last level sets it to 0. */
  readonly sequence: bigint;
  /** Path of the file. */
  readonly file: string;
}

/** A part of a file that cannot be read, or that contains what rockspool never writes. */
export interface RawDamage {
  /** Path of the file. */
  readonly file: string;
  /** Byte range within the file. The length is 0 if the file ends too early. */
  readonly offset: number;
  readonly length: number;
  readonly reason: string;
}

/** Reports damage to the file that is being read. */
export type ReportDamage = (offset: number, length: number, reason: string) => void;

/** Types of versions: the two that rockspool writes, and one that RocksDB may write instead of a deletion. */
export const PUT = 1;
const DELETION = 0;
const SINGLE_DELETION = 7;

export function isDeletion(type: number): boolean {
  return type === DELETION || type === SINGLE_DELETION;
}

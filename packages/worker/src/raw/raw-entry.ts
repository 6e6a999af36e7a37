/** One version of a key, as a table or a log of RocksDB holds it. */
export interface RawEntry {
  readonly key: Uint8Array;
  /** A view of the block or batch that it was read with; null: a deletion. */
  readonly value: Uint8Array | null;
  /** Of two versions of a key the one with the higher number counts. 0 in a table: older than whatever has another number. */
  readonly sequence: bigint;
  /** Path of the file that it was read from. */
  readonly file: string;
}

/** A part of a file that could not be read, or holds what rockspool never writes. */
export interface RawDamage {
  /** Path of the file. */
  readonly file: string;
  /** Byte range within the file; a length of 0 where the file ends too early. */
  readonly offset: number;
  readonly length: number;
  readonly reason: string;
}

/** Tells of a byte range of the file that is being read. */
export type ReportDamage = (offset: number, length: number, reason: string) => void;

/** The types of a version that rockspool writes, and one that RocksDB may put in the place of a deletion. */
export const PUT = 1;
const DELETION = 0;
const SINGLE_DELETION = 7;

export function isDeletion(type: number): boolean {
  return type === DELETION || type === SINGLE_DELETION;
}

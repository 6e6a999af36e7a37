/** Reports damage to the file that is being read. */
export type ReportDamage = (offset: number, length: number, reason: string) => void;

/** Types of versions: the two that rockspool writes, and one that RocksDB may write instead of a deletion. */
export const PUT = 1;
const DELETION = 0;
const SINGLE_DELETION = 7;

export function isDeletion(type: number): boolean {
  return type === DELETION || type === SINGLE_DELETION;
}

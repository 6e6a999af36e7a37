/**
 * RocksDB's log format, which MANIFEST and WAL files share: blocks of 32 KiB, in them fragments with a header of 7
 * bytes (crc 4, length 2, type 1; all little-endian), or 11 bytes where a log file is recycled (its number follows the
 * type). A record is one `full` fragment, or a `first`, any number of `middle`s and a `last`.
 */
const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const RECYCLABLE_HEADER_BYTES = 11;

const FULL = 1;
const LAST = 4;
const RECYCLABLE_FULL = 5;
const RECYCLABLE_LAST = 8;

/** Where each record of the file ends: cut there, the file looks as if the later records had never been. */
export function recordEnds(file: Uint8Array): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const ends: number[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= file.byteLength) {
    const leftInBlock = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (leftInBlock < HEADER_BYTES) {
      at += leftInBlock;
      continue;
    }
    const length = view.getUint16(at + 4, true);
    const type = view.getUint8(at + 6);
    // Zeros: the rest was allocated and never written.
    if (type === 0) break;
    const header = type >= RECYCLABLE_FULL && type <= RECYCLABLE_LAST ? RECYCLABLE_HEADER_BYTES : HEADER_BYTES;
    at += header + length;
    if (at > file.byteLength) break;
    if (type === FULL || type === LAST || type === RECYCLABLE_FULL || type === RECYCLABLE_LAST) ends.push(at);
    // Types above are metadata of the file (such as predecessor WAL info), records of their own.
    else if (type > RECYCLABLE_LAST) ends.push(at);
  }
  return ends;
}

import { closeSync, openSync, readdirSync, readFileSync, readSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Damage to files. */

/** Flips all bits of a byte, in place: a process that has the file open reads the new byte. */
export function flipByte(file: string, offset: number): void {
  const descriptor = openSync(file, "r+");
  try {
    const byte = Buffer.alloc(1);
    readSync(descriptor, byte, 0, 1, offset);
    writeSync(descriptor, Buffer.of((byte[0] as number) ^ 0xff), 0, 1, offset);
  } finally {
    closeSync(descriptor);
  }
}

/** The files in the directory with this extension, oldest first. */
export function filesOf(directory: string, ending: ".sst" | ".log" | ".seg"): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(directory, name));
}

/** The MANIFEST that CURRENT names. */
export function manifestOf(directory: string): string {
  return join(directory, readFileSync(join(directory, "CURRENT"), "utf8").trim());
}

const BLOCK_BYTES = 32 * 1024;
const FIRST_RECYCLABLE_TYPE = 5;

/** The end offsets of the records of RocksDB's log or MANIFEST (crc 4, length 2, type 1, in recycled logs the log's number 4, then the record). */
function recordEnds(file: string): number[] {
  const content = readFileSync(file);
  const ends: number[] = [];
  for (let at = 0; at + 7 <= content.byteLength; ) {
    const leftInBlock = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (leftInBlock < 7) {
      at += leftInBlock;
      continue;
    }
    const header = content.readUInt8(at + 6) >= FIRST_RECYCLABLE_TYPE ? 11 : 7;
    at += header + content.readUInt16LE(at + 4);
    ends.push(at);
  }
  return ends;
}

/** Cuts off the last records. The rest is well-formed: nothing in the file shows the loss. */
export function cutRecords(file: string, count: number): void {
  const end = recordEnds(file).at(-1 - count);
  if (end === undefined) throw new Error(`${file} has no ${count + 1} records`);
  truncateSync(file, end);
}

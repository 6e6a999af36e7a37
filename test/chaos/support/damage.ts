import { closeSync, fstatSync, openSync, readFileSync, readSync, truncateSync, writeSync } from "node:fs";
import { shardFiles } from "../../support/shard-files.ts";

/** Damage in place: visible through every open descriptor. */

/** Flips all bits of the byte at `offset`, or those of `mask`. */
export function flipByte(file: string, offset: number, mask = 0xff): void {
  const descriptor = openSync(file, "r+");
  try {
    const byte = Buffer.alloc(1);
    readSync(descriptor, byte, 0, 1, offset);
    byte[0] = (byte[0] as number) ^ mask;
    writeSync(descriptor, byte, 0, 1, offset);
  } finally {
    closeSync(descriptor);
  }
}

/** Flips a byte in the middle: in a table that is some message's block. */
export function flipMiddle(file: string): void {
  flipByte(file, Math.floor(sizeOf(file) / 2));
}

export function cutInHalf(file: string): void {
  truncateSync(file, Math.floor(sizeOf(file) / 2));
}

/** Puts back what was there, into the very file. */
export function overwrite(file: string, content: Uint8Array): void {
  const descriptor = openSync(file, "r+");
  try {
    writeSync(descriptor, content, 0, content.byteLength, 0);
  } finally {
    closeSync(descriptor);
  }
}

export interface Place {
  readonly file: string;
  readonly offset: number;
}

/** Where the bytes lie in the shard's tables, which are not compressed; null where they are in none. */
export async function placeInTables(spool: string, shard: number, bytes: Uint8Array): Promise<Place | null> {
  for (const file of await shardFiles(spool, shard, ".sst")) {
    const offset = contentOf(file).indexOf(bytes);
    if (offset >= 0) return { file, offset };
  }
  return null;
}

/** Empty for a table that a compaction has done away with since it was listed. */
function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function sizeOf(file: string): number {
  const descriptor = openSync(file, "r");
  try {
    return fstatSync(descriptor).size;
  } finally {
    closeSync(descriptor);
  }
}

import { closeSync, fstatSync, openSync, readFileSync, readSync, truncateSync, writeSync } from "node:fs";
import type { SpoolId } from "rockspool";
import { segmentFiles, shardFiles } from "../../support/shard-files.ts";

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

/** Flips a byte in the middle: in a table of the index that is an entry, in a segment a message's body. */
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

/**
 * Where the bytes lie in the shard's segments; null where they are in none. Of several copies, which cleaning makes,
 * the newest.
 */
export async function placeInSegments(spool: string, shard: number, bytes: Uint8Array): Promise<Place | null> {
  for (const file of (await segmentFiles(spool, shard)).reverse()) {
    const offset = contentOf(file).lastIndexOf(bytes);
    if (offset >= 0) return { file, offset };
  }
  return null;
}

/** Where the entry of this id lies in the tables of the shard's index; null where it is in none. */
export async function placeInTables(spool: string, shard: number, id: SpoolId): Promise<Place | null> {
  for (const file of await shardFiles(spool, shard, ".sst")) {
    const offset = contentOf(file).indexOf(id.toBytes());
    if (offset >= 0) return { file, offset };
  }
  return null;
}

/** Empty for a table or a segment that was deleted since it was listed. */
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

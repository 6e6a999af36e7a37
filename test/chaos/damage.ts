import { closeSync, fstatSync, openSync, readSync, truncateSync, writeSync } from "node:fs";

/** Flips all bits of the byte at `offset`, in place: whoever has the file open sees it. */
export function flipByte(file: string, offset: number): void {
  const descriptor = openSync(file, "r+");
  try {
    const byte = Buffer.alloc(1);
    readSync(descriptor, byte, 0, 1, offset);
    byte[0] = (byte[0] as number) ^ 0xff;
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

function sizeOf(file: string): number {
  const descriptor = openSync(file, "r");
  try {
    return fstatSync(descriptor).size;
  } finally {
    closeSync(descriptor);
  }
}

import { closeSync, fsyncSync, openSync, writeSync, writevSync } from "node:fs";
import { readFully } from "./segment-scan.ts";

const COPY_BYTES = 1024 * 1024;

/** Repeats short writes, which are normal above 2 GiB and near a full disk, until all is written or a write fails. */
export function writeAll(descriptor: number, parts: readonly Uint8Array[], position: number, bytes: number): void {
  let written = writevSync(descriptor, parts as Uint8Array[], position);
  if (written === bytes) return;
  let before = 0;
  for (const part of parts) {
    const done = Math.min(Math.max(written - before, 0), part.byteLength);
    for (let at = done; at < part.byteLength; ) {
      const more = writeSync(descriptor, part, at, part.byteLength - at, position + before + at);
      if (more === 0) throw new Error("a write took no bytes");
      at += more;
      written += more;
    }
    before += part.byteLength;
  }
}

/** Copies what is open on a descriptor to a file, and syncs that. */
export function copyDescriptor(from: number, bytes: number, path: string): void {
  const to = openSync(path, "w", 0o644);
  try {
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    for (let at = 0; at < bytes; ) {
      const read = readFully(from, buffer.subarray(0, Math.min(COPY_BYTES, bytes - at)), at);
      if (read === 0) throw new Error(`${path}: its content ends at ${at}, and ${bytes} bytes were written`);
      writeAll(to, [buffer.subarray(0, read)], at, read);
      at += read;
    }
    fsyncSync(to);
  } finally {
    closeSync(to);
  }
}

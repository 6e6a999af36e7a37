import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

/** A small file of two lines: JSON, then the CRC-32 of that line in 8 hex digits, which detects damage. */

/** Writes in place and syncs. A reader may see half of it: write under a temporary name, then call `replaceFile`. */
export async function writeChecked(path: string, value: object): Promise<void> {
  const line = JSON.stringify(value);
  await withFile(path, "w", async (file) => {
    await file.writeFile(`${line}\n${checksum(line)}\n`);
    await file.sync();
  });
}

/** Null if the file is missing. Throws, with the reason, if its content is not what `writeChecked` wrote. */
export async function readChecked(path: string): Promise<object | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const [line, sum] = text.split("\n");
  if (line === undefined || sum !== checksum(line)) throw new Error("its checksum does not match its content");
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null) throw new Error("its JSON is not an object");
  return value;
}

/**
 * Renames atomically and syncs the directory. A power cut during the call leaves the new file, or what was there
 * before.
 */
export async function replaceFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}

export async function syncDirectory(path: string): Promise<void> {
  await withFile(path, "r", (directory) => directory.sync());
}

function checksum(line: string): string {
  return crc32(line).toString(16).padStart(8, "0");
}

async function withFile(path: string, flags: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

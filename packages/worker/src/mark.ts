import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import type { Evidence } from "./evidence.ts";

/**
 * A shard's mark: the newest batch number known to be on the disk, and what the directory held then. It lies beside the shard's
 * directory, not in it, because RocksDB deletes files that it does not know. One line of JSON, then the CRC-32 of that line.
 */
export interface Mark {
  readonly batch: number;
  readonly evidence: Evidence | null;
}

const VERSION = 1;

/** Written as a whole or not at all: temporary file, fsync, rename, fsync of the directory. One call at a time. */
export async function writeMark(path: string, mark: Mark): Promise<void> {
  const line = JSON.stringify({ version: VERSION, ...mark });
  const temporary = `${path}.tmp`;
  await withFile(temporary, "w", async (file) => {
    await file.writeFile(`${line}\n${checksum(line)}\n`);
    await file.sync();
  });
  await rename(temporary, path);
  await withFile(dirname(path), "r", (directory) => directory.sync());
}

/** The mark; null where there is none. Throws for one that is damaged. */
export async function readMark(path: string): Promise<Mark | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const [line, sum] = text.split("\n");
  if (line === undefined || sum !== checksum(line)) throw new Error("its checksum does not match its content");
  const { version, batch, evidence } = JSON.parse(line) as Mark & { version: number };
  if (version !== VERSION) throw new Error(`it has version ${version}, and only ${VERSION} is known here`);
  return { batch, evidence };
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

import { mkdir, open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile, syncDirectory } from "./checked-file.ts";

/**
 * Which files a RocksDB needs that are not in its directory any more. RocksDB does not notice: it has them open. But the next
 * open fails, or loses what was in them, so they are looked for while their content can still be had.
 */

/** A live table in the `rocksdb.sstables` property: number, size, then its range. */
const TABLE = /^\s*(\d+):\d+\[/gm;

export interface LiveFiles {
  /** The names of all files that are needed now. */
  names(): Promise<string[]>;
}

/** `names` is asked again where something seems to be missing: a table may have been compacted away in between. */
export async function missingFiles(directory: string, live: LiveFiles): Promise<string[]> {
  const absent = async (): Promise<string[]> => {
    const needed = await live.names();
    const there = new Set(await readdir(directory).catch(nothingThere));
    return needed.filter((name) => !there.has(name));
  };
  const first = new Set(await absent());
  return first.size === 0 ? [] : (await absent()).filter((name) => first.has(name));
}

/** The directory itself may have been removed, or a file put in its place. */
function nothingThere(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
  throw error;
}

/**
 * RocksDB looks at its MANIFEST when it closes, and writes a new one where it is not what it should be; logs that are needed are
 * written by `WalSync` then, when RocksDB adds nothing to them any more.
 */
export function areRestoredByClosing(missing: readonly string[]): boolean {
  return missing.every((name) => name.startsWith("MANIFEST-") || name.endsWith(".log"));
}

export function tableNames(sstables: string): string[] {
  return [...sstables.matchAll(TABLE)].map(([, number]) => `${number?.padStart(6, "0")}.sst`);
}

/** Writes `CURRENT` again, as RocksDB does: as a whole or not at all. */
export async function writeCurrent(directory: string, manifest: string): Promise<void> {
  const temporary = join(directory, `${manifest.replace("MANIFEST-", "")}.dbtmp`);
  const file = await open(temporary, "w");
  try {
    await file.writeFile(`${manifest}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await replaceFile(temporary, join(directory, "CURRENT"));
}

/** The shard's own directory, where it is gone. The spool's is not made anew: more than a shard can know was in it. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  await syncDirectory(dirname(path));
}

import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "./checked-file.ts";

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
    const there = new Set(await readdir(directory));
    return needed.filter((name) => !there.has(name));
  };
  const first = new Set(await absent());
  return first.size === 0 ? [] : (await absent()).filter((name) => first.has(name));
}

/** RocksDB looks at its MANIFEST when it closes, and writes a new one where it is not what it should be. */
export function areRestoredByClosing(missing: readonly string[]): boolean {
  return missing.every((name) => name.startsWith("MANIFEST-"));
}

export function tableNames(sstables: string): string[] {
  return [...sstables.matchAll(TABLE)].map(([, number]) => `${number?.padStart(6, "0")}.sst`);
}

/** Writes `CURRENT` again, as RocksDB does: as a whole or not at all. */
export async function writeCurrent(directory: string, manifest: string): Promise<void> {
  const temporary = join(directory, "CURRENT.dbtmp");
  const file = await open(temporary, "w");
  try {
    await file.writeFile(`${manifest}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await replaceFile(temporary, join(directory, "CURRENT"));
}

import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { replaceFile, syncDirectory } from "./checked-file.ts";

/**
 * Which files a RocksDB needs that are not in its directory any more, or no longer are what it can be opened from. RocksDB does not
 * notice: it has them open. But the next open fails, or loses what was in them, so they are looked for while their content can still be had.
 */

/** All that `CURRENT` holds. */
const MANIFEST = /^MANIFEST-\d+\n$/;
/** A live table in the `rocksdb.sstables` property: number, size, then its range. */
const TABLE = /^\s*(\d+):\d+\[/gm;

export interface LiveFiles {
  /** The names of all files that are needed now, `CURRENT` and `manifest.name` among them. */
  names(): Promise<string[]>;
  /** The MANIFEST, and how long it has been: it only grows. */
  readonly manifest: { readonly name: string; readonly bytes: number };
}

/**
 * Where something seems to be missing all is looked at twice more, and what is missing both times is: a table may have been compacted away
 * since `names` was asked, and a directory that goes away under the first look seems to miss only a part.
 */
export async function missingFiles(directory: string, live: LiveFiles): Promise<string[]> {
  const absent = async (): Promise<string[]> => {
    const needed = await live.names();
    const there = new Set(await readdir(directory).catch(nothingThere));
    const { name } = live.manifest;
    if (there.has(CURRENT) && !(await namesManifest(directory, there, name))) there.delete(CURRENT);
    if (there.has(name) && !(await isAsLong(directory, live))) there.delete(name);
    return needed.filter((name) => !there.has(name));
  };
  if ((await absent()).length === 0) return [];
  const first = new Set(await absent());
  return (await absent()).filter((name) => first.has(name));
}

const CURRENT = "CURRENT";

/** The one that is known, even where that is missing itself, or another that is there: RocksDB may just have begun it. */
async function namesManifest(directory: string, there: ReadonlySet<string>, known: string): Promise<boolean> {
  const text = await readFile(join(directory, CURRENT), "latin1").catch(() => "");
  if (!MANIFEST.test(text)) return false;
  const name = text.slice(0, -1);
  return name === known || there.has(name);
}

async function isAsLong(directory: string, { manifest }: LiveFiles): Promise<boolean> {
  // Gone since the directory was listed: then it is not there, however long it was.
  const size = await stat(join(directory, manifest.name)).then((stats) => stats.size, nothingLeft);
  return size >= manifest.bytes;
}

function nothingLeft(error: NodeJS.ErrnoException): number {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return -1;
  throw error;
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

import { mkdir, open, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  CURRENT,
  isNewerManifest,
  logNumber,
  manifestNamedBy,
  manifestNumber,
  tableName,
  temporaryName,
} from "../files/file-names.ts";
import { firstDamage } from "../raw/log/first-damage.ts";
import { replaceFile, syncDirectory } from "../recovery/checked-file.ts";
import { fileBytes } from "../recovery/evidence.ts";

/**
 * Which files a RocksDB needs that are not in its directory any more, or no longer are what it can be opened from.
 * RocksDB does not notice: it has them open. But the next open fails, or loses what was in them, so they are looked for
 * while their content can still be had.
 */

/** A live table in the `rocksdb.sstables` property: number, size, then its range. */
const TABLE = /^\s*(\d+):\d+\[/gm;

export interface Manifest {
  readonly name: string;
  /** How long it has been found to be: it only grows. */
  readonly bytes: number;
}

export interface LiveFiles {
  /** The names of all files that are needed now, `CURRENT` and the MANIFEST among them. */
  names(): Promise<string[]>;
  /** The one that `names` told of last. */
  manifest(): Manifest;
}

/**
 * Where something seems to be missing all is looked at twice more, and what is missing both times is: a table may have
 * been compacted away since `names` was asked, and a directory that goes away under the first look seems to miss only a
 * part.
 */
export async function missingFiles(directory: string, live: LiveFiles): Promise<string[]> {
  const absent = async (): Promise<string[]> => {
    const needed = await live.names();
    const manifest = live.manifest();
    const there = new Set(await readdir(directory).catch(nothingThere));
    // Where it names another than that, the next look knows of the other.
    if (there.has(CURRENT) && (await namedManifest(directory)) !== manifest.name) there.delete(CURRENT);
    if (there.has(manifest.name) && !(await isAsLong(directory, manifest))) there.delete(manifest.name);
    return needed.filter((name) => !there.has(name));
  };
  if ((await absent()).length === 0) return [];
  const first = new Set(await absent());
  return (await absent()).filter((name) => first.has(name));
}

/** Null where CURRENT is missing, or holds something else. */
async function namedManifest(directory: string): Promise<string | null> {
  return manifestNamedBy(await readFile(join(directory, CURRENT), "latin1").catch(noText));
}

/** Of a file that is there and cannot be read nobody knows what it holds. */
function noText(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "EISDIR") return "";
  throw error;
}

/**
 * The MANIFEST that RocksDB writes to: it may have begun another since `known`, whose number is always higher, at a
 * size of 1 GiB or when it works again after it had failed on one. A number that is lower was put into CURRENT by
 * somebody else.
 */
export async function latestManifest(directory: string, known: Manifest): Promise<Manifest> {
  const name = await namedManifest(directory);
  if (name === null || !isNewerManifest(name, known.name)) return known;
  return (await fileBytes(join(directory, name))) < 0 ? known : { name, bytes: 0 };
}

async function isAsLong(directory: string, { name, bytes }: Manifest): Promise<boolean> {
  // Gone since the directory was listed: then it is not there, however long it was.
  return (await fileBytes(join(directory, name))) >= bytes;
}

/** The directory itself may have been removed, or a file put in its place. */
function nothingThere(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
  throw error;
}

/**
 * RocksDB looks at its MANIFEST when it closes, and writes a new one where it is not what it should be, with a CURRENT
 * that names it; logs that are needed are written by `WalSync` then, when RocksDB adds nothing to them any more.
 */
export function areRestoredByClosing(missing: readonly string[]): boolean {
  const hasNewManifest = missing.some(isManifest);
  return missing.every((name) => isManifest(name) || logNumber(name) !== null || (name === CURRENT && hasNewManifest));
}

function isManifest(name: string): boolean {
  return manifestNumber(name) !== null;
}

export function tableNames(sstables: string): string[] {
  return [...sstables.matchAll(TABLE)].map(([, number]) => tableName(Number(number)));
}

/**
 * Writes `CURRENT` again, as RocksDB does: as a whole or not at all. It names what it named, or a MANIFEST that RocksDB
 * has begun since, if there is one and that one is whole. Where which one counts is not certain nothing is written.
 */
export async function writeCurrent(directory: string, known: string): Promise<void> {
  const names = await readdir(directory);
  const [name, ...others] = names.filter((name) => isManifest(name) && !isNewerManifest(known, name));
  if (name === undefined || others.length > 0) return;
  const manifest = join(directory, name);
  if (name !== known && ((await fileBytes(manifest)) <= 0 || (await firstDamage(manifest)) !== null)) return;
  const temporary = join(directory, temporaryName(name));
  const file = await open(temporary, "w");
  try {
    await file.writeFile(`${name}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await replaceFile(temporary, join(directory, CURRENT));
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

import { access, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { firstDamage } from "../raw/log/first-damage.ts";
import { currentManifest, type Evidence, fileBytes } from "../recovery/evidence.ts";

/**
 * Closes a database whose MANIFEST may have been damaged under it: all that is to stand there RocksDB still knows, and
 * writes into a new one when it closes, but only where it finds none or one of another length; one that was cut it
 * makes as long as it was, with zeros. So a damaged one is put aside meanwhile.
 */
export async function withoutDamagedManifest(
  directory: string,
  { name, bytes }: Evidence["manifest"],
  close: () => Promise<void>,
): Promise<void> {
  const manifest = join(directory, name);
  if (await isWholeOrGone(manifest, bytes)) return close();
  const aside = asideOf(directory, name);
  await rename(manifest, aside);
  try {
    await close();
  } finally {
    // One that had failed on its MANIFEST before writes no other: then one with a torn end is better than none.
    if (await hasManifest(directory)) await rm(aside);
    else await rename(aside, manifest);
  }
}

/**
 * Puts back what a process that died in `withoutDamagedManifest` left aside, where the MANIFEST that CURRENT names is
 * not there: for before a database is opened. Whatever comes in the way of that, opening tells of.
 */
export async function putBackManifest(directory: string): Promise<void> {
  try {
    const name = await currentManifest(directory);
    const manifest = join(directory, name);
    if ((await fileBytes(manifest)) < 0) await rename(asideOf(directory, name), manifest);
  } catch {
    // None had been put aside.
  }
}

/** Not like one of RocksDB's own temporary files, which it removes when it closes. */
function asideOf(directory: string, name: string): string {
  return join(directory, `.rockspool-${name}`);
}

async function isWholeOrGone(manifest: string, bytes: number): Promise<boolean> {
  try {
    return (await stat(manifest)).size >= bytes && (await firstDamage(manifest)) === null;
  } catch {
    // What cannot be looked at is left as it is.
    return true;
  }
}

function hasManifest(directory: string): Promise<boolean> {
  return mustHaveManifest(directory).then(
    () => true,
    () => false,
  );
}

/** Throws where the MANIFEST that CURRENT names is not there: a database that is left so cannot be opened again. */
export async function mustHaveManifest(directory: string): Promise<void> {
  await access(join(directory, await currentManifest(directory)));
}

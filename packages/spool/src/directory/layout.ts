import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { ROUTING, SpoolConfigError, SpoolEngineError } from "@rockspool/core";
import { readChecked, replaceFile, syncDirectory, writeChecked } from "@rockspool/worker";

/**
 * What a spool's directory is: `rockspool.json`, and beside it a directory and a mark for each shard.
 *
 *     nothing there ──▶ rockspool.json.new ──▶ all shards made ──rename──▶ rockspool.json
 *
 * So a `rockspool.json` says that every shard has been there: one that is missing is a loss. With `rockspool.json.new` alone,
 * making the spool was cut short; nothing was ever acknowledged, and it is made again.
 */
export interface Layout {
  readonly version: number;
  readonly shards: number;
  readonly routing: string;
}

const FORMAT_VERSION = 1;
const FILE = "rockspool.json";
const UNFINISHED = "rockspool.json.new";
const MAX_DEFAULT_SHARDS = 8;

/** The layout of the spool in `path`; null where there is none. Throws a `SpoolConfigError` for one that is damaged or foreign. */
export async function readLayout(path: string): Promise<Layout | null> {
  const file = layoutPath(path);
  const wrong = (why: string, cause?: unknown): SpoolConfigError => new SpoolConfigError("path", file, why, { cause });
  let layout: Layout | null;
  try {
    layout = (await readChecked(file)) as Layout | null;
  } catch (error) {
    throw wrong(`it cannot be read, ${(error as Error).message}: put it back as it was`, error);
  }
  if (layout === null) return null;
  if (layout.version !== FORMAT_VERSION) {
    throw wrong(`its version is ${layout.version}, and only ${FORMAT_VERSION} is known here`);
  }
  if (!Number.isInteger(layout.shards) || layout.shards < 1) throw wrong(`its number of shards is ${layout.shards}`);
  if (layout.routing !== ROUTING) throw wrong(`its routing is ${layout.routing}, and only ${ROUTING} is known here`);
  return layout;
}

/** What was asked for, and what is there. `fresh`: the spool is still to be made, and `finishLayout` says when it is. */
export interface Prepared {
  readonly layout: Layout;
  readonly fresh: boolean;
}

/** Makes the directory where it is missing. The caller holds its lock. */
export async function prepareLayout(path: string, shards: number | null): Promise<Prepared> {
  const layout = await readLayout(path);
  if (layout !== null) {
    if (shards !== null && shards !== layout.shards) {
      throw new SpoolConfigError(
        "shards",
        shards,
        `${path} holds ${layout.shards} shards, and the number cannot change`,
      );
    }
    return { layout, fresh: false };
  }
  const names = await readdir(path);
  const orphans = names.filter((name) => /^shard-\d+(\.mark)?$/.test(name));
  if (orphans.length > 0 && !names.includes(UNFINISHED)) {
    throw new SpoolConfigError(
      "path",
      path,
      `it holds ${orphans.join(", ")} and no ${FILE}, without which nobody knows how ids map to shards: put it back`,
    );
  }
  const made = { version: FORMAT_VERSION, shards: shards ?? defaultShards(), routing: ROUTING };
  // What an earlier attempt left holds no message; with another number of shards some of it would stay for ever.
  for (const name of orphans) await rm(join(path, name), { recursive: true, force: true });
  await writeChecked(join(path, UNFINISHED), made);
  await syncDirectory(path);
  return { layout: made, fresh: true };
}

/** All shards are made and closed or serving: from now on they must be there. */
export async function finishLayout(path: string): Promise<void> {
  await replaceFile(join(path, UNFINISHED), layoutPath(path));
}

/** With its parents, 0755 each. Not by `recursive`, which never comes back where a parent refuses with ENOENT (in /proc). */
export async function makeDirectory(path: string): Promise<void> {
  const make = (directory: string): Promise<void> => mkdir(directory, 0o755).catch(ignore("EEXIST"));
  try {
    const missing: string[] = [];
    for (let directory = path; !(await isThere(directory)); directory = dirname(directory)) missing.unshift(directory);
    for (const directory of missing) {
      await make(directory);
      // Else a power cut takes it with all that was synced in it.
      await syncDirectory(dirname(directory));
    }
    if (!(await stat(path)).isDirectory()) throw Object.assign(new Error("a file is there"), { code: "ENOTDIR" });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOTDIR")
      throw new SpoolConfigError("path", path, "it is no directory, and a spool is one", { cause });
    throw new SpoolEngineError(message, { kind: "io", path, cause });
  }
}

export function layoutPath(path: string): string {
  return join(path, FILE);
}

export function shardPath(path: string, index: number): string {
  return join(path, `shard-${String(index).padStart(3, "0")}`);
}

export function markPath(path: string, index: number): string {
  return `${shardPath(path, index)}.mark`;
}

function defaultShards(): number {
  return Math.min(Math.max(availableParallelism(), 1), MAX_DEFAULT_SHARDS);
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, ignore("ENOENT", false));
}

/** For `catch`: passes over one code, with a value in its place. */
function ignore(code: string): (error: NodeJS.ErrnoException) => void;
function ignore<T>(code: string, value: T): (error: NodeJS.ErrnoException) => T;
function ignore(code: string, value?: unknown): (error: NodeJS.ErrnoException) => unknown {
  return (error) => {
    if (error.code !== code) throw error;
    return value;
  };
}

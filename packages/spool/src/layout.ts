import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { SpoolConfigError, SpoolEngineError } from "@rockspool/core";
import { ROUTING } from "./routing.ts";

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
  const file = join(path, FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new SpoolConfigError("path", path, `${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return parseLayout(file, text);
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
  await writeSynced(join(path, UNFINISHED), `${JSON.stringify(made)}\n`);
  await syncDirectory(path);
  return { layout: made, fresh: true };
}

/** All shards are made and closed or serving: from now on they must be there. */
export async function finishLayout(path: string): Promise<void> {
  await rename(join(path, UNFINISHED), join(path, FILE));
  await syncDirectory(path);
}

export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") {
      throw new SpoolConfigError("path", path, "it is no directory, and a spool is one", { cause });
    }
    throw new SpoolEngineError(message, { kind: "io", path, cause });
  }
}

export function shardPath(path: string, index: number): string {
  return join(path, `shard-${String(index).padStart(3, "0")}`);
}

export function markPath(path: string, index: number): string {
  return `${shardPath(path, index)}.mark`;
}

function parseLayout(file: string, text: string): Layout {
  const wrong = (why: string): SpoolConfigError => new SpoolConfigError("path", file, why);
  let layout: Layout;
  try {
    layout = JSON.parse(text) as Layout;
  } catch {
    throw wrong("it is not JSON: put the file back, it is one line");
  }
  if (layout?.version !== FORMAT_VERSION) {
    throw wrong(`its version is ${layout?.version}, and only ${FORMAT_VERSION} is known here`);
  }
  if (!Number.isInteger(layout.shards) || layout.shards < 1) throw wrong(`its number of shards is ${layout.shards}`);
  if (layout.routing !== ROUTING) throw wrong(`its routing is ${layout.routing}, and only ${ROUTING} is known here`);
  return layout;
}

function defaultShards(): number {
  return Math.min(Math.max(availableParallelism(), 1), MAX_DEFAULT_SHARDS);
}

async function writeSynced(path: string, text: string): Promise<void> {
  await withFile(path, "w", async (file) => {
    await file.writeFile(text);
    await file.sync();
  });
}

async function syncDirectory(path: string): Promise<void> {
  await withFile(path, "r", (directory) => directory.sync());
}

async function withFile(path: string, flags: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

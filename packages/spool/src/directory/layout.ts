import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { ROUTING, SpoolConfigError, SpoolEngineError } from "@rockspool/core";
import { readChecked, replaceFile, syncDirectory, writeChecked } from "@rockspool/worker";

/**
 * The content of `rockspool.json`. A spool's directory holds that file, and for each shard a message log, an index and a mark.
 *
 *     empty ──▶ rockspool.json.new ──▶ all shards created ──rename──▶ rockspool.json
 *
 * If `rockspool.json` exists, every shard has existed: a missing one is a loss. If only `rockspool.json.new` exists,
 * the creation was interrupted. No write was acknowledged by then, so the spool is created again.
 */
export interface Layout {
  readonly version: number;
  /** The spool's identity: 16 random hex digits. Every segment of a message log and every mark names it. */
  readonly id: string;
  readonly shards: number;
  readonly routing: string;
}

const FORMAT_VERSION = 2;
const FILE = "rockspool.json";
const ID = /^[0-9a-f]{16}$/;
const UNFINISHED = "rockspool.json.new";
const MAX_DEFAULT_SHARDS = 8;

/** The directories of a shard's log and indexes, and its mark. */
export const SHARD_NAME = /^shard-(\d+)(-messages|-index-\d+|\.mark)?$/;

/**
 * The layout of the spool in `path`, or null if there is no spool. Throws a `SpoolConfigError` if it is damaged or of
 * another version.
 */
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
  if (layout.version === 1) {
    throw wrong(
      "it has format 1, in which messages lay in RocksDB: export it with the rockspool that wrote it (`rockspool export`), then import that here",
    );
  }
  if (layout.version !== FORMAT_VERSION) {
    throw wrong(`its version is ${layout.version}, and only ${FORMAT_VERSION} is known here`);
  }
  if (!ID.test(layout.id)) throw wrong(`its id is ${layout.id}, and an id is 16 hex digits`);
  if (!Number.isInteger(layout.shards) || layout.shards < 1) throw wrong(`its number of shards is ${layout.shards}`);
  if (layout.routing !== ROUTING) throw wrong(`its routing is ${layout.routing}, and only ${ROUTING} is known here`);
  return layout;
}

export interface Prepared {
  readonly layout: Layout;
  /** True for a new spool: the caller creates the shards, then calls `finishLayout`. */
  readonly fresh: boolean;
}

/**
 * Reads the layout of the spool in the directory, or begins a new spool there with the number of shards, or with the
 * default number if `shards` is null. The caller holds the directory's lock.
 */
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
  const orphans = names.filter((name) => SHARD_NAME.test(name));
  if (orphans.length > 0 && !names.includes(UNFINISHED)) {
    throw new SpoolConfigError(
      "path",
      path,
      `it holds ${orphans.join(", ")} and no ${FILE}, without which ids cannot be mapped to shards: put it back`,
    );
  }
  const id = randomBytes(8).toString("hex");
  const created = { version: FORMAT_VERSION, id, shards: shards ?? defaultShards(), routing: ROUTING };
  // Shards of an interrupted creation hold no message. If the new number of shards is smaller, some of them would stay
  // forever.
  for (const name of orphans) await rm(join(path, name), { recursive: true, force: true });
  await writeChecked(join(path, UNFINISHED), created);
  await syncDirectory(path);
  return { layout: created, fresh: true };
}

/** Ends the creation of a spool. Every shard has been created: from now on a missing shard is a loss. */
export async function finishLayout(path: string): Promise<void> {
  await replaceFile(join(path, UNFINISHED), layoutPath(path));
}

/**
 * Makes the directory and its parents with mode 0755. Without `recursive`, because `mkdir` never returns then if a
 * parent refuses with ENOENT, as in /proc.
 */
export async function makeDirectory(path: string): Promise<void> {
  const make = (directory: string): Promise<void> => mkdir(directory, 0o755).catch(ignore("EEXIST"));
  try {
    const missing: string[] = [];
    for (let directory = path; !(await isThere(directory)); directory = dirname(directory)) missing.unshift(directory);
    for (const directory of missing) {
      await make(directory);
      // Without this sync a power cut could remove the new directory and everything that was synced in it.
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

/** The directory of the shard's message log. */
export function logPath(path: string, index: number): string {
  return `${shardPath(path, index)}-messages`;
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

/** A handler for `catch` that replaces an error with the code by the value, and throws other errors. */
function ignore(code: string): (error: NodeJS.ErrnoException) => void;
function ignore<T>(code: string, value: T): (error: NodeJS.ErrnoException) => T;
function ignore(code: string, value?: unknown): (error: NodeJS.ErrnoException) => unknown {
  return (error) => {
    if (error.code !== code) throw error;
    return value;
  };
}

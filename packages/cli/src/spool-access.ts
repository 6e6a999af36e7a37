import { readdir, stat } from "node:fs/promises";
import {
  type EnumerateOptions,
  openSpool,
  type ReadSpoolOptions,
  type RocksSpool,
  readLayout,
  readSpool,
  type SpoolEntry,
} from "rockspool";
import type { Context } from "./context.ts";
import { NoSpoolError } from "./errors.ts";
import { MAX_MESSAGE_BYTES } from "./mail/limits.ts";

/** Opens the spool at `path`, or creates it: for the commands that store. */
export function openOrCreate(
  context: Context,
  path: string,
  shards: number | undefined,
  maxPendingBytes = MAX_MESSAGE_BYTES,
): Promise<RocksSpool> {
  return openSpool({ path, shards, maxPendingBytes, logger: context.reporter.logger });
}

/** Opens the spool at `path`; rejects with a `NoSpoolError` where there is none. */
export async function openExisting(context: Context, path: string): Promise<RocksSpool> {
  await requireSpool(path);
  return openOrCreate(context, path, undefined);
}

export async function requireSpool(path: string): Promise<void> {
  if (!(await isSpool(path))) throw new NoSpoolError(path);
}

/** Rejects with a `NoSpoolError` unless `path` holds a part of a spool, which may be damaged. */
export async function requireShards(path: string): Promise<void> {
  const names = await readdir(path).catch((): string[] => []);
  if (!names.some((name) => /^(rockspool\.json|shard-\d+(\.mark)?)$/.test(name))) throw new NoSpoolError(path);
}

export async function isSpool(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() === true && (await readLayout(path)) !== null;
}

/**
 * The entries of an open spool. An abort ends the list without an error: the command reports the interruption itself.
 */
export async function* entriesOf(
  spool: RocksSpool,
  options: EnumerateOptions,
  signal: AbortSignal,
): AsyncGenerator<SpoolEntry> {
  try {
    yield* spool.enumerate({ ...options, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The entries of a closed spool, likewise. */
export async function* closedEntriesOf(options: ReadSpoolOptions, signal: AbortSignal): AsyncGenerator<SpoolEntry> {
  try {
    yield* readSpool({ ...options, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

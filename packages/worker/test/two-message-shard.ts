import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { Engine, EngineOptions } from "../src/engine/engine.ts";
import { openEngine } from "../src/rocksdb/rocksdb-engine.ts";
import { filesOf } from "./damage.ts";
import { engineOptions } from "./engine-options.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A RocksDB shard with one message in a table and one in the log, for tests that damage its files while it is open. */

export const FLUSHED = Buffer.alloc(16, 1);
const IN_THE_LOG = Buffer.alloc(16, 2);
export const VALUE = Buffer.alloc(10_000, 5);

/** The path of a shard that does not exist. */
export function newShard(): string {
  return join(temporaryDirectory(), "shard");
}

export async function open(path: string, mode: EngineOptions["mode"]): Promise<Engine> {
  const engine = await openEngine(path, engineOptions(mode));
  onTestFinished(() => engine.close().catch(() => {}));
  return engine;
}

/** A new shard, and the files that hold its two messages. */
export async function openWithBoth(path: string): Promise<{ engine: Engine; table: string; log: string }> {
  const engine = await open(path, "create");
  await engine.write((batch) => batch.put(FLUSHED, VALUE));
  await engine.flush();
  await engine.write((batch) => batch.put(IN_THE_LOG, VALUE));
  return { engine, table: filesOf(path, ".sst")[0] as string, log: filesOf(path, ".log").at(-1) as string };
}

export async function expectBoth(engine: Engine): Promise<void> {
  for (const key of [FLUSHED, IN_THE_LOG]) expect(await engine.get(key)).toEqual(VALUE);
}

/** Restores the missing files; resolves to those still missing. */
export async function restored({ files }: Engine): Promise<string[]> {
  if (files === null) throw new Error("the engine has no files");
  await files.restore(await files.missingFiles());
  return files.missingFiles();
}

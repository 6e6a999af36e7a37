import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { Engine, EngineOptions } from "../src/engine/engine.ts";
import { openEngine } from "../src/rocksdb/rocksdb-engine.ts";
import { filesOf } from "./damage.ts";
import { engineOptions } from "./engine-options.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A shard on RocksDB with one message in a table and one in the log, whose files a test damages while it is open. */

export const FLUSHED = Buffer.alloc(16, 1);
const IN_THE_LOG = Buffer.alloc(16, 2);
export const VALUE = Buffer.alloc(10_000, 5);

/** Where a shard may be made. */
export function newShard(): string {
  return join(temporaryDirectory(), "shard");
}

export async function open(path: string, mode: EngineOptions["mode"]): Promise<Engine> {
  const engine = await openEngine(path, engineOptions(mode));
  onTestFinished(() => engine.close().catch(() => {}));
  return engine;
}

/** A new one, and the files that its messages are in. */
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

/** What is missing after one try to restore it. */
export async function restored(engine: Engine): Promise<string[]> {
  await engine.restore(await engine.missingFiles());
  return engine.missingFiles();
}

import { copyFileSync, cpSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { BATCH_NUMBER_KEY, encodeBatchNumber } from "../src/engine/batch-number.ts";
import type { Engine } from "../src/engine/engine.ts";
import { writeMark } from "../src/recovery/mark.ts";
import { openEngine } from "../src/rocksdb/rocksdb-engine.ts";
import { filesOf, manifestOf } from "./damage.ts";
import { engineOptions } from "./engine-options.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Closed RocksDB shards as a spool leaves them: batches 1 to 6 on the disk, and a mark with batch 6. */

export interface Shard {
  readonly parent: string;
  readonly path: string;
  readonly markPath: string;
}

export const BATCHES = 6;
/** Batches 1 to 3 are in a table or an older log, the others in the newest log. */
export const OLDER_BATCHES = 3;

function placeOf(parent: string): Shard {
  return { parent, path: join(parent, "shard-000"), markPath: join(parent, "shard-000.mark") };
}

/** The older batches are in a table, the others in a log. */
export async function shardWithTable(): Promise<Shard> {
  const shard = placeOf(temporaryDirectory());
  const engine = await openEngine(shard.path, engineOptions("create"));
  await writeBatches(engine, 1, OLDER_BATCHES);
  await engine.flush();
  await writeBatches(engine, OLDER_BATCHES + 1, BATCHES);
  await closeWithMark(engine, shard);
  return shard;
}

/** As `shardWithTable`, opened once more. `oldManifest` is a copy of the MANIFEST before that. */
export async function shardWithOldManifest(): Promise<Shard & { readonly oldManifest: string }> {
  const shard = await shardWithTable();
  const manifest = manifestOf(shard.path);
  const oldManifest = join(temporaryDirectory(), basename(manifest));
  copyFileSync(manifest, oldManifest);
  await closeWithMark(await openEngine(shard.path, engineOptions("existing")), shard);
  return { ...shard, oldManifest };
}

/**
 * The older batches are in one log, the others in the next, as after a memtable switch whose flush did not finish. Made
 * from a copy of the directory before a flush and the log that the flush began.
 */
export async function shardWithTwoLogs(): Promise<Shard> {
  const shard = placeOf(temporaryDirectory());
  const copy = placeOf(temporaryDirectory());
  const engine = await openEngine(shard.path, engineOptions("create"));
  await writeBatches(engine, 1, OLDER_BATCHES);
  await engine.sync();
  cpSync(shard.path, copy.path, { recursive: true });
  await engine.flush();
  await writeBatches(engine, OLDER_BATCHES + 1, BATCHES);
  await engine.sync();
  const newest = filesOf(shard.path, ".log").at(-1) as string;
  copyFileSync(newest, join(copy.path, basename(newest)));
  const evidence = (await engine.files?.evidence()) ?? null;
  await engine.close();
  const logs = filesOf(copy.path, ".log").map((file) => ({
    number: Number.parseInt(basename(file), 10),
    bytes: statSync(file).size,
  }));
  const manifest = manifestOf(copy.path);
  await writeMark(copy.markPath, {
    batch: BATCHES,
    evidence: evidence && { manifest: { name: basename(manifest), bytes: statSync(manifest).size }, logs },
  });
  rmSync(shard.parent, { recursive: true });
  if (logs.length !== 2) throw new Error(`${logs.length} logs, and not 2`);
  return copy;
}

async function writeBatches(engine: Engine, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) {
    await engine.write((batch) => {
      batch.put(Buffer.alloc(16, number), Buffer.from(`message ${number}`));
      batch.put(BATCH_NUMBER_KEY, encodeBatchNumber(number, Buffer.alloc(8)));
    });
  }
}

async function closeWithMark(engine: Engine, { markPath }: Shard): Promise<void> {
  await engine.sync();
  await writeMark(markPath, { batch: BATCHES, evidence: (await engine.files?.evidence()) ?? null });
  await engine.close();
}

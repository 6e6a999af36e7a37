import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolId } from "rockspool";
import { openFaultySpool } from "rockspool/testing";
import { payload } from "../support/payload.mjs";
import { idOnShard, markedBatch } from "../support/shard-files.ts";
import { until } from "../support/until.ts";

/**
 * A spool as a crash leaves it, whose messages have versions in two tables and a log of each shard:
 *
 *     ids          older table   newer table   log
 *     replaced     1             2             3
 *     rewritten    1             2
 *     removed      1             removed
 *     removedLast  1                           removed
 *     old          1
 *     late                                     1
 */
export const SHARDS = 2;
export const DAMAGED = 0;
const COUNT = 6;
const BYTES = 1500;
const NAMES = ["replaced", "rewritten", "removed", "removedLast", "old", "late"] as const;
export type Name = (typeof NAMES)[number];

export interface Versions {
  /** The directory. */
  readonly path: string;
  /** The ids of the shard of that name. */
  ids(shard: number, name: Name): SpoolId[];
}

/** What version `version` of a message is. */
export function version(id: SpoolId, version: number): Uint8Array {
  return payload((id.bytes[3] as number) * 256 + (id.bytes[2] as number) + version * 65_536, BYTES);
}

export async function makeVersions(directory: string): Promise<Versions> {
  const open = join(directory, "open");
  const path = join(directory, "crashed");
  const all = Array.from({ length: SHARDS }, (_, shard) =>
    Object.fromEntries(NAMES.map((name) => [name, Array.from({ length: COUNT }, () => idOnShard(shard, SHARDS))])),
  ) as Record<Name, SpoolId[]>[];
  const ids = (shard: number, name: Name): SpoolId[] => (all[shard] as Record<Name, SpoolId[]>)[name];
  // With ticks by hand: the number that one of its own writes would be a record of the log.
  const { spool, faults } = await openFaultySpool({
    path: open,
    shards: SHARDS,
    engine: "rocksdb",
    monitorInterval: "1s",
  });
  try {
    const each = async (names: readonly Name[], use: (id: SpoolId) => Promise<unknown>): Promise<void> => {
      for (let shard = 0; shard < SHARDS; shard++)
        for (const name of names) for (const id of ids(shard, name)) await use(id);
    };
    const store = (number: number) => (id: SpoolId) => spool.store(id, version(id, number));
    const remove = (id: SpoolId) => spool.remove(id);
    // Each message is a batch, and the tick makes one more, of their number alone.
    const marked = async (batches: number): Promise<void> => {
      await faults.clock.advance("1s");
      for (let shard = 0; shard < SHARDS; shard++)
        await until("the mark knows all batches", async () => ((await markedBatch(open, shard)) ?? 0) >= batches);
    };
    await each(["replaced", "rewritten", "removed", "removedLast", "old"], store(1));
    await spool.adviseLowMemory();
    await each(["replaced", "rewritten"], store(2));
    await each(["removed"], remove);
    await marked((5 + 3) * COUNT);
    await spool.adviseLowMemory();
    await each(["replaced"], store(3));
    await each(["removedLast"], remove);
    await each(["late"], store(1));
    await marked((5 + 3 + 3) * COUNT);
    await cp(open, path, { recursive: true });
  } finally {
    await spool.shutdown();
  }
  return { path, ids };
}

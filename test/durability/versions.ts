import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolId } from "rockspool";
import { openFaultySpool } from "rockspool/testing";
import { payload } from "../support/payload.mjs";
import { idOnShard, markedBlock } from "../support/shard-files.ts";
import { until } from "../support/until.ts";

/**
 * A spool as a crash leaves it, whose messages have versions in three segments of each shard:
 *
 *     ids          oldest        middle        newest
 *     replaced     1             2             3
 *     rewritten    1             2
 *     removed      1             removed
 *     removedLast  1                           removed
 *     old          1
 *     late                                     1
 */
export const SEGMENTS = { oldest: 1, middle: 3, newest: 5 } as const;
export const SHARDS = 2;
export const DAMAGED = 0;
export const COUNT = 6;
const BYTES = 1500;
const SEGMENT_BYTES = 64 * 1024;
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
  const { spool, faults } = await openFaultySpool({
    path: open,
    shards: SHARDS,
    engine: "rocksdb",
    monitorInterval: "1s",
    params: { segmentSize: SEGMENT_BYTES, compressionType: "none" },
  });
  try {
    const each = async (names: readonly Name[], use: (id: SpoolId) => Promise<unknown>): Promise<void> => {
      for (let shard = 0; shard < SHARDS; shard++)
        for (const name of names) for (const id of ids(shard, name)) await use(id);
    };
    const store = (number: number) => (id: SpoolId) => spool.store(id, version(id, number));
    const remove = (id: SpoolId) => spool.remove(id);
    // Fills a segment alone, so that the next message begins one.
    const fillers = Array.from({ length: SHARDS }, (_, shard) => idOnShard(shard, SHARDS));
    const fill = async (): Promise<void> => {
      for (const id of fillers) await spool.store(id, payload(0, SEGMENT_BYTES));
    };
    // Each message is a block.
    const marked = async (blocks: number): Promise<void> => {
      await faults.clock.advance("1s");
      for (let shard = 0; shard < SHARDS; shard++)
        await until("the mark knows all blocks", async () => ((await markedBlock(open, shard)) ?? 0) >= blocks);
    };
    await each(["replaced", "rewritten", "removed", "removedLast", "old"], store(1));
    await fill();
    await spool.adviseLowMemory();
    await each(["replaced", "rewritten"], store(2));
    await each(["removed"], remove);
    await fill();
    await marked((5 + 3) * COUNT + 2);
    await spool.adviseLowMemory();
    for (const id of fillers) await spool.remove(id);
    await each(["replaced"], store(3));
    await each(["removedLast"], remove);
    await each(["late"], store(1));
    await marked((5 + 3 + 3) * COUNT + 3);
    await cp(open, path, { recursive: true });
  } finally {
    await spool.shutdown();
  }
  return { path, ids };
}

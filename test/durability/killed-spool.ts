import { Child } from "../support/child.ts";
import { withRocksDB } from "../support/rocksdb.ts";
import { markedBatch, shardPath } from "../support/shard-files.ts";
import { until } from "../support/until.ts";
import { SHARDS } from "./children/filling.mjs";
import type { SilentLoss } from "./losses.ts";

/** Makes a spool whose process was killed after everything in it was synced and its marks knew that. */
export async function makeKilledSpool(path: string, newer: SilentLoss["newer"]): Promise<void> {
  const child = new Child(new URL("./children/store-and-wait.mjs", import.meta.url), [path, newer]);
  try {
    await child.line("stored");
    for (let shard = 0; shard < SHARDS; shard++) {
      const batch = await newestBatch(shardPath(path, shard));
      await until("the mark knows the newest batch", async () => ((await markedBatch(path, shard)) ?? 0) >= batch);
    }
  } finally {
    await child.kill();
  }
}

/** The batch number that a database holds: opened read-only, which disturbs no writer. */
async function newestBatch(shard: string): Promise<number> {
  return withRocksDB(shard, { readOnly: true }, async (db) => {
    const value = await db.get(Buffer.of(0));
    return value === null ? 0 : Number(Buffer.from(value).readBigUInt64BE());
  });
}

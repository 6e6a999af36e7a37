import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SpoolId } from "rockspool";
import { expect } from "vitest";
import { withRocksDB } from "./rocksdb.ts";
import { markedBatch } from "./shard-files.ts";

/** The header bytes that a value may begin with: raw, snappy, LZ4, zlib, zstd. */
const HEADERS = 5;
const BATCH_NUMBER_KEY = "00";

/**
 * What is true of every directory that a spool closed cleanly: each key is an id or the batch number, each value has a
 * header, and the mark knows the newest batch. Looks with RocksDB alone, so that a mistake of the spool cannot hide
 * itself.
 */
export async function checkDirectory(path: string): Promise<void> {
  const shards = (await readdir(path, { withFileTypes: true })).filter(
    (entry) => entry.isDirectory() && entry.name.startsWith("shard-"),
  );
  await Promise.all(shards.map(({ name }) => checkShard(path, Number(name.slice("shard-".length)))));
}

async function checkShard(path: string, index: number): Promise<void> {
  const shard = join(path, `shard-${String(index).padStart(3, "0")}`);
  let batch = 0;
  await withRocksDB(shard, { readOnly: true }, async (db) => {
    for await (const { key, value } of db.iterator({})) {
      const hex = Buffer.from(key).toString("hex");
      if (hex === BATCH_NUMBER_KEY) {
        batch = Number(Buffer.from(value).readBigUInt64BE());
        continue;
      }
      expect(SpoolId.tryFromBytes(key), `${shard} holds the key ${hex}`).not.toBeNull();
      expect(value[0], `${shard} holds a value without a header under ${hex}`).toBeLessThan(HEADERS);
    }
  });
  expect(await markedBatch(path, index), `the mark of ${shard} after a clean close`).toBe(batch);
}

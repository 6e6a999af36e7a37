import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { RocksSpool } from "rockspool";
import { expect, it, onTestFinished } from "vitest";
import { payload } from "../support/payload.mjs";
import { idOnShard, shardFiles } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";

const SHARDS = 4;
const STALLED = [0, 1, 2];
const FREE = 3;
const TIMEOUT_MS = 120_000;
const MIB = 1024 * 1024;

/** One level-0 table stops a shard's writes until it is compacted: by then a memtable has been filled. */
const OPTIONS = {
  shards: SHARDS,
  maxPendingBytes: 16 * MIB,
  params: { writeBufferSize: 256 * 1024, level0StopWritesTrigger: 1, storeDeadline: "10 minutes" },
} as const;

/** Stores until the shard has its first table: from then on it takes no writes. */
async function stall(spool: RocksSpool, shard: number, signal: AbortSignal): Promise<void> {
  const stalled = until(
    "there is a table",
    async () => (await shardFiles(spool.path, shard, ".sst")).length > 0,
    TIMEOUT_MS,
  );
  let over = false;
  for (let i = 0; !over; i++) {
    const stored = spool.store(idOnShard(shard, SHARDS), payload(i, 32_000), { signal });
    stored.catch(() => {});
    over = await Promise.race([stored.then(() => false), stalled.then(() => true)]);
  }
}

it(
  "three shards of four that RocksDB would stall hold up neither the fourth nor a thread of libuv's pool",
  async () => {
    const spool = await openUnchecked(onRocksDB, { path: await temporaryDirectory(), ...OPTIONS });
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    await Promise.all(STALLED.map((shard) => stall(spool, shard, abort.signal)));

    // More than each has of `maxPendingBytes`, and together more than there is.
    const flood = STALLED.flatMap((shard) =>
      Array.from({ length: 128 }, (_, i) => {
        const id = idOnShard(shard, SHARDS);
        return { id, stored: spool.store(id, payload(i, 64 * 1024), { signal: abort.signal }) };
      }),
    );
    let written = 0;
    for (const { stored } of flood) {
      stored.then(
        () => written++,
        () => {},
      );
    }

    for (let i = 0; i < 50; i++) {
      const id = idOnShard(FREE, SHARDS);
      await spool.store(id, payload(i, 1000), { forceSync: i % 5 === 0 });
      expect(Buffer.compare(await spool.load(id), payload(i, 1000))).toBe(0);
      await spool.remove(id);
    }
    // And so do other users of the pool.
    expect(await readFile(fileURLToPath(import.meta.url), "utf8")).toContain("SHARDS");
    expect(spool.unhealthyReason()).toBeNull();
    expect(spool.health().map(({ latched }) => latched)).toEqual([false, false, false, false]);
    // A few may have come before RocksDB counted its new table.
    expect(written, "all of that went on while the others were stalled").toBeLessThan(flood.length / 4);

    abort.abort(new Error("enough"));
    const outcomes = await Promise.allSettled(flood.map(({ stored }) => stored));
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(new Set(reasons)).toEqual(new Set([abort.signal.reason]));
    // What the shards had of the flood is written as each compaction makes room.
    const late = Promise.all(STALLED.map((shard) => spool.store(idOnShard(shard, SHARDS), payload(1, 1000))));
    let stored = false;
    void late.then(() => {
      stored = true;
    });
    while (!stored) await spool.compact();
    expect(await late).toEqual(["written", "written", "written"]);
  },
  TIMEOUT_MS,
);

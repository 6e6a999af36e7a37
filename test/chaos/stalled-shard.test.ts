import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type RocksSpool, type SpoolError, SpoolId } from "rockspool";
import { expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const SHARDS = 4;
const STALLED = [0, 1, 2];
const FREE = 3;
const MIB = 1024 * 1024;

/** One level-0 table stops a shard's writes until it is compacted: by then a memtable has been filled. */
const OPTIONS = {
  shards: SHARDS,
  maxPendingBytes: 16 * MIB,
  params: { writeBufferSize: 256 * 1024, level0StopWritesTrigger: 1, storeDeadline: "10 minutes" },
} as const;

/** Stores until RocksDB would stall, which a deadline ends. */
async function stall(spool: RocksSpool, shard: number): Promise<void> {
  for (let i = 0; ; i++) {
    const stored = spool.store(idOnShard(shard, SHARDS), payload(i, 32_000), { deadline: Date.now() + 2_000 });
    const error = await stored.then(
      () => null,
      (reason: SpoolError) => reason,
    );
    if (error === null) continue;
    expect(error).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
    return;
  }
}

it("three shards of four that RocksDB would stall hold up neither the fourth nor a thread of libuv's pool", async () => {
  const spool = await openUnchecked(onRocksDB, { path: await temporaryDirectory(), ...OPTIONS });
  await Promise.all(STALLED.map((shard) => stall(spool, shard)));

  // More than each has of `maxPendingBytes`, and together more than there is.
  const abort = new AbortController();
  const flood = STALLED.flatMap((shard) =>
    Array.from({ length: 128 }, (_, i) => {
      const id = idOnShard(shard, SHARDS);
      return { id, stored: spool.store(id, payload(i, 64 * 1024), { signal: abort.signal }) };
    }),
  );
  let floodSettled = 0;
  for (const { stored } of flood) {
    const count = (): void => {
      floodSettled++;
    };
    stored.then(count, count);
  }

  for (let i = 0; i < 50; i++) {
    const id = idOnShard(FREE, SHARDS);
    await spool.store(id, payload(i, 1000), { forceSync: i % 5 === 0 });
    expect(Buffer.compare(await spool.load(id), payload(i, 1000))).toBe(0);
    await spool.remove(id);
  }
  // And whoever else uses the pool.
  expect(await readFile(fileURLToPath(import.meta.url), "utf8")).toContain("SHARDS");
  expect(spool.unhealthyReason()).toBeNull();
  expect(spool.health().map(({ latched }) => latched)).toEqual([false, false, false, false]);
  expect(floodSettled, "all of that went on while the others were stalled").toBe(0);

  abort.abort(new Error("enough"));
  for (const { stored } of flood) expect(await rejection(stored)).toBe(abort.signal.reason);
  await spool.compact();
  const late = SpoolId.generate();
  expect(await spool.store(late, payload(1, 1000))).toBe("written");
});

import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { openSpool, type RocksSpool, SpoolFullError, type SpoolId, SpoolUnhealthyError } from "rockspool";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard, logPath, shardFiles, shardOf } from "../support/shard-files.ts";
import { type OpenOptions, onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { flipMiddle } from "./support/damage.ts";

const SHARDS = 2;
const BROKEN = 0;
const SOUND = 1;
const COUNT = 100;
/** Short enough for a test, long enough to be seen latched. */
const QUICK = { monitorInterval: 20, params: { errorUnlatchDuration: 200, errorLatchDuration: 100 } } as const;

async function filled(
  options: Partial<OpenOptions> = {},
): Promise<{ spool: RocksSpool; ids: SpoolId[]; path: string }> {
  const path = await temporaryDirectory();
  const spool = await openUnchecked(onRocksDB, { path, shards: SHARDS, ...QUICK, ...options });
  const ids = Array.from({ length: COUNT }, (_, i) => idOnShard(i % SHARDS, SHARDS));
  await Promise.all(ids.map((id, i) => spool.store(id, payload(i, 6000), { forceSync: true })));
  await spool.compact();
  return { spool, ids, path };
}

const isOpen = (spool: RocksSpool): boolean => spool.health()[BROKEN]?.latched === false;

async function expectWhole(spool: RocksSpool, ids: readonly SpoolId[]): Promise<void> {
  for (const [i, id] of ids.entries()) expect(Buffer.from(await spool.load(id)).equals(payload(i, 6000))).toBe(true);
}

describe("a shard whose compaction met a damaged table", () => {
  it("takes writes again by itself, with an index that is made anew, and nothing is lost", async () => {
    // The other shard's compaction may take longer: until it is over, nobody is told of this one's.
    const { spool, ids, path } = await filled({ params: { ...QUICK.params, errorUnlatchDuration: 2000 } });
    const [table] = (await shardFiles(path, BROKEN, ".sst")) as [string];
    flipMiddle(table);
    // A second table, so that there is something to compact.
    await spool.store(idOnShard(BROKEN, SHARDS), payload(COUNT, 6000));
    expect(await rejection(spool.compact())).toMatchObject({ code: "SPOOL_ENGINE", shards: [BROKEN] });
    // In the same turn, whoever latched it.
    expect(await rejection(spool.store(idOnShard(BROKEN, SHARDS), payload(0, 10)))).toBeInstanceOf(SpoolUnhealthyError);
    await until("the shard proves that it works", () => isOpen(spool));
    expect(await spool.store(idOnShard(BROKEN, SHARDS), payload(1, 10), { forceSync: true })).toBe("synced");
    await expectWhole(spool, ids);
    await spool.compact();
    const { history, foregroundErrors } = spool.health()[BROKEN] as ReturnType<RocksSpool["health"]>[number];
    expect(history.map(({ latched }) => latched)).toEqual([true, false]);
    expect(foregroundErrors).toBe(0);
    expect(spool.health()[SOUND]?.history).toEqual([]);
  });

  it("stays latched with allowErrorUnlatch false, until the operator asks for the proof", async () => {
    const { spool, ids, path } = await filled({ params: { ...QUICK.params, allowErrorUnlatch: false } });
    const [table] = (await shardFiles(path, BROKEN, ".sst")) as [string];
    flipMiddle(table);
    await spool.store(idOnShard(BROKEN, SHARDS), payload(COUNT, 6000));
    await rejection(spool.compact());
    const latchedAt = Date.now();
    await until(
      "well after errorUnlatchDuration",
      () => Date.now() - latchedAt > 3 * QUICK.params.errorUnlatchDuration,
    );
    expect(isOpen(spool)).toBe(false);
    await spool.unlatch(BROKEN);
    expect(isOpen(spool)).toBe(true);
    await expectWhole(spool, ids);
  });
});

describe("a shard that could not be opened", () => {
  it("is opened, and takes writes, when the missing directory of its log is put back", async () => {
    const { spool: first, ids, path } = await filled();
    await first.shutdown();
    const directory = logPath(path, BROKEN);
    const aside = join(path, "aside");
    await rename(directory, aside);
    const spool = await openUnchecked(onRocksDB, { path, ...QUICK });
    expect(spool.health()[BROKEN]).toMatchObject({ state: "down", latched: true });
    const failure = await rejection(spool.unlatch(BROKEN));
    expect(failure).toMatchObject({ code: "SPOOL_ENGINE" });
    expect(await rejection(Promise.resolve().then(() => spool.unlatch(BROKEN, { force: true })))).toMatchObject({
      code: "SPOOL_ENGINE",
    });
    expect(isOpen(spool)).toBe(false);
    await rename(aside, directory);
    await until("the shard is open again", () => isOpen(spool));
    expect(spool.health()[BROKEN]).toMatchObject({ state: "open", reason: null });
    await expectWhole(spool, ids);
    expect(await spool.store(idOnShard(BROKEN, SHARDS), payload(1, 10))).toBe("written");
  });

  it("with a loss stays read-only whatever is asked of it", async () => {
    const { spool: first, ids, path } = await filled();
    await first.shutdown();
    await rm(join(path, "shard-000.mark"));
    const spool = await openUnchecked(onRocksDB, { path, ...QUICK });
    expect(spool.health()[BROKEN]).toMatchObject({ state: "read-only", latched: true });
    expect(await rejection(spool.unlatch(BROKEN))).toMatchObject({ code: "SPOOL_ENGINE" });
    await expectWhole(spool, ids);
    expect(await rejection(spool.store(ids[BROKEN] as SpoolId, payload(1, 10)))).toBeInstanceOf(SpoolUnhealthyError);
    // The monitor asks for proofs too, and for each the shard is opened again.
    await until("the shard is served again", () => spool.health()[BROKEN]?.state === "read-only");
    expect(spool.health()[BROKEN]).toMatchObject({ latched: true, history: [{ latched: true }] });
  });
});

describe("the operator's hand", () => {
  it("latches one shard until it opens it, whatever the time, and loads go on", async () => {
    const { spool, ids } = await filled();
    await spool.latch(BROKEN, "maintenance");
    await spool.latch(BROKEN, "a second reason");
    expect(spool.health()[BROKEN]).toMatchObject({ state: "open", latched: true, reason: "maintenance" });
    expect(spool.unhealthyReason()).toBeNull();
    for (let i = 0; i < 50; i++) expect(shardOf(spool.newId(), SHARDS)).toBe(SOUND);
    expect(await rejection(spool.remove(ids[BROKEN] as SpoolId))).toBeInstanceOf(SpoolUnhealthyError);
    await expectWhole(spool, ids);
    const latchedAt = Date.now();
    await until(
      "well after errorUnlatchDuration",
      () => Date.now() - latchedAt > 3 * QUICK.params.errorUnlatchDuration,
    );
    expect(isOpen(spool)).toBe(false);
    await spool.latch(SOUND, "all of it");
    expect(spool.unhealthyReason()).toBe("the spool is not accepting writes");
    await spool.unlatch(BROKEN);
    await spool.unlatch(SOUND, { force: true });
    expect(spool.unhealthyReason()).toBeNull();
    expect(spool.health()[BROKEN]?.history.map(({ latched }) => latched)).toEqual([true, false]);
    await spool.remove(ids[BROKEN] as SpoolId);
  });

  it("on a shard that is not there is an error that says which there are", async () => {
    const { spool } = await filled();
    for (const call of [() => spool.latch(2, "x"), () => spool.unlatch(-1)]) {
      expect(await rejection(call())).toMatchObject({
        code: "SPOOL_CONFIG",
        field: "shard",
        allowed: "the shards are 0 to 1",
      });
    }
  });
});

it("a storage that is fuller than was asked for refuses stores, and nothing else", async () => {
  const { spool: first, ids, path } = await filled();
  await first.shutdown();
  const spool = await openSpool({ path, minFreeSpace: "100%" });
  try {
    expect(spool.unhealthyReason()).toBe("the spool storage is too full");
    const refusal = await rejection(spool.store(spool.newId(), payload(1, 10)));
    expect(refusal).toBeInstanceOf(SpoolFullError);
    expect(refusal).toMatchObject({ outcome: "not-written", message: "the spool storage is too full" });
    await expectWhole(spool, ids);
    await spool.remove(ids[0] as SpoolId);
  } finally {
    await spool.shutdown();
  }
});

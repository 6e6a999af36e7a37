import { type RocksSpool, SpoolEngineError, type SpoolId, SpoolUnhealthyError } from "rockspool";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard, segmentFiles, shardFiles, shardOf } from "../support/shard-files.ts";
import { type OpenOptions, onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { cutInHalf, flipMiddle } from "./support/damage.ts";

const SHARDS = 2;
const DAMAGED = 0;
const SOUND = 1;
const COUNT = 200;
const BYTES = 6000;

interface Filled {
  readonly spool: RocksSpool;
  readonly path: string;
  readonly ids: readonly SpoolId[];
  /** The only segment of the damaged shard, which holds its messages. */
  readonly segment: string;
  /** The only table of its index. */
  readonly table: string;
}

/** A spool whose messages lie in one segment a shard, and their places in one table that nothing has read yet. */
async function filledSpool(options: Partial<OpenOptions> = {}): Promise<Filled> {
  const path = await temporaryDirectory();
  const spool = await openUnchecked(onRocksDB, { path, shards: SHARDS, ...options });
  const ids = Array.from({ length: 2 * COUNT }, (_, i) => idOnShard(i % SHARDS, SHARDS));
  // Even numbers, so that no compressor shrinks them.
  await Promise.all(ids.map((id, i) => spool.store(id, payload(2 * i, BYTES))));
  await spool.compact();
  const tables = await shardFiles(path, DAMAGED, ".sst");
  const segments = await segmentFiles(path, DAMAGED);
  expect([tables.length, segments.length]).toEqual([1, 1]);
  return { spool, path, ids, table: tables[0] as string, segment: segments[0] as string };
}

/** Loads the shard's messages until one cannot be loaded. */
async function firstFailure({ spool, ids }: Filled): Promise<SpoolEngineError> {
  for (const id of ids.filter((one) => shardOf(one, SHARDS) === DAMAGED)) {
    try {
      await spool.load(id);
    } catch (error) {
      expectLatched(spool);
      return error as SpoolEngineError;
    }
  }
  return expect.fail("every message could be loaded: the damage hit none");
}

/** In the very turn in which the rejection arrived. */
function expectLatched(spool: RocksSpool): void {
  expect(spool.health()[DAMAGED]).toMatchObject({ state: "open", latched: true, reason: expect.stringMatching(/./) });
  for (let i = 0; i < 50; i++) expect(shardOf(spool.newId(), SHARDS)).toBe(SOUND);
}

describe.each([
  { what: "a flipped byte in a segment", damage: flipMiddle, mostLost: 1 },
  { what: "a segment cut in half", damage: cutInHalf, mostLost: COUNT / 2 + 1 },
])("$what under an open spool", ({ damage, mostLost }) => {
  it("is found by the load that meets it, which latches the shard at once", async () => {
    const filled = await filledSpool();
    damage(filled.segment);
    const before = filled.spool.health()[DAMAGED]?.foregroundErrors as number;
    const error = await firstFailure(filled);
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption" });
    expect(error.path).toContain("shard-000");

    const { spool } = filled;
    const refused = idOnShard(DAMAGED, SHARDS);
    for (const write of [() => spool.store(refused, payload(1, 10)), () => spool.remove(filled.ids[0] as SpoolId)]) {
      const refusal = await rejection(write());
      expect(refusal).toBeInstanceOf(SpoolUnhealthyError);
      expect(refusal).toMatchObject({ outcome: "not-written", message: "the spool is not accepting writes" });
    }
    expect(await rejection(spool.load(refused))).toMatchObject({ code: "SPOOL_NOT_FOUND" });
    const health = spool.health()[DAMAGED];
    expect(health?.foregroundErrors).toBeGreaterThan(before);
    expect(health?.history.at(-1)).toMatchObject({ latched: true });
  });

  it("leaves the rest to be loaded and enumerated, and the other shard untouched", async () => {
    const filled = await filledSpool();
    damage(filled.segment);
    await firstFailure(filled);
    const { spool, ids } = filled;

    const results = await Promise.allSettled(ids.map((id) => spool.load(id)));
    let lost = 0;
    for (const [i, result] of results.entries()) {
      if (result.status === "fulfilled") expect(Buffer.compare(result.value, payload(2 * i, BYTES))).toBe(0);
      else {
        expect(shardOf(ids[i] as SpoolId, SHARDS)).toBe(DAMAGED);
        expect(result.reason).toBeInstanceOf(SpoolEngineError);
        lost++;
      }
    }
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(mostLost);

    const seen = [0, 0];
    let corrupt = 0;
    for await (const entry of spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) })) {
      const shard = shardOf(entry.id as SpoolId, SHARDS);
      if (entry.kind === "item") seen[shard] = (seen[shard] as number) + 1;
      else {
        corrupt++;
        expect(shard).toBe(DAMAGED);
        expect(entry.error).toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption" });
      }
    }
    expect(corrupt).toBe(lost);
    expect(seen).toEqual([COUNT - lost, COUNT]);

    const id = idOnShard(SOUND, SHARDS);
    expect(await spool.store(id, payload(9, 100), { forceSync: true })).toBe("synced");
    expect(spool.health()[SOUND]).toMatchObject({ latched: false, reason: null, foregroundErrors: 0 });
  });
});

describe.each([
  { what: "a flipped byte in the index", damage: flipMiddle },
  { what: "the index's table cut in half", damage: cutInHalf },
])("$what under an open spool", ({ damage }) => {
  const quick = { monitorInterval: 20, params: { errorUnlatchDuration: 200 } } as const;

  it("is found by a compaction, which rejects; the index is made anew, and every message loads", async () => {
    const { spool, ids, table } = await filledSpool(quick);
    damage(table);
    const error = await rejection<SpoolEngineError>(spool.compact());
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(`${error.message} ${error.path}`).toMatch(/shard[- ]0/);
    expect(spool.health()[DAMAGED]?.history[0], "in the turn in which it rejects").toMatchObject({ latched: true });
    await until("the shard takes writes", () => spool.health()[DAMAGED]?.latched === false);
    await expectAll(spool, ids);
  });

  it("is found by a load, which rejects; the index is made anew, and every message loads", async () => {
    const filled = await filledSpool(quick);
    damage(filled.table);
    const error = await firstFailure(filled);
    expect(error).toMatchObject({ code: "SPOOL_ENGINE", kind: expect.stringMatching(/^(corruption|io)$/) });
    await until("the shard takes writes", () => filled.spool.health()[DAMAGED]?.latched === false);
    await expectAll(filled.spool, filled.ids);
  });
});

async function expectAll(spool: RocksSpool, ids: readonly SpoolId[]): Promise<void> {
  for (const [i, id] of ids.entries())
    expect(Buffer.compare(await spool.load(id), payload(2 * i, BYTES)), `message ${i}`).toBe(0);
}

describe("the spool's own word while one shard is latched", () => {
  it("is that it takes writes, where all shards must fail before it sheds load", async () => {
    const filled = await filledSpool({ shedWhen: "all" });
    flipMiddle(filled.segment);
    await firstFailure(filled);
    expect(filled.spool.unhealthyReason()).toBeNull();
  });

  it("is that it does not, where any shard counts", async () => {
    const filled = await filledSpool({ shedWhen: "any" });
    expect(filled.spool.unhealthyReason()).toBeNull();
    flipMiddle(filled.segment);
    await firstFailure(filled);
    expect(filled.spool.unhealthyReason()).toBe("the spool is not accepting writes");
  });

  it("loses nothing: what was stored before the latch is there when the damage is undone", async () => {
    const filled = await filledSpool();
    flipMiddle(filled.segment);
    await firstFailure(filled);
    await filled.spool.shutdown();
    flipMiddle(filled.segment);
    const again = await openUnchecked(onRocksDB, { path: filled.path });
    await expectAll(again, filled.ids);
    await again.store(idOnShard(DAMAGED, SHARDS), payload(1, 10));
  });
});

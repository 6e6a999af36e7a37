import { dirname } from "node:path";
import { type RocksSpool, SpoolEngineError, type SpoolId, SpoolUnhealthyError } from "rockspool";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard, shardFiles, shardOf } from "../support/shard-files.ts";
import { type OpenOptions, onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { cutInHalf, flipMiddle } from "./support/damage.ts";

const SHARDS = 2;
const DAMAGED = 0;
const SOUND = 1;
const COUNT = 200;
/** Each message fills a block of its own (4 KiB), so that damage hits few of them. */
const BYTES = 6000;

interface Filled {
  readonly spool: RocksSpool;
  readonly ids: readonly SpoolId[];
  readonly table: string;
}

/** A spool whose messages lie in one table a shard; loads come from the disk, because nothing has read them yet. */
async function filledSpool(options: Partial<OpenOptions> = {}): Promise<Filled> {
  const path = await temporaryDirectory();
  const spool = await openUnchecked(onRocksDB, { path, shards: SHARDS, ...options });
  const ids = Array.from({ length: 2 * COUNT }, (_, i) => idOnShard(i % SHARDS, SHARDS));
  // Even numbers, so that no compressor shrinks them.
  await Promise.all(ids.map((id, i) => spool.store(id, payload(2 * i, BYTES))));
  await spool.compact();
  const tables = await shardFiles(path, DAMAGED, ".sst");
  expect(tables).toHaveLength(1);
  return { spool, ids, table: tables[0] as string };
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
  { what: "a flipped byte in a table", damage: flipMiddle },
  { what: "a table cut in half", damage: cutInHalf },
])("$what under an open spool", ({ damage }) => {
  it("is found by the load that meets it, which latches the shard at once", async () => {
    const filled = await filledSpool();
    damage(filled.table);
    const before = filled.spool.health()[DAMAGED]?.foregroundErrors as number;
    const error = await firstFailure(filled);
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({ code: "SPOOL_ENGINE", kind: expect.stringMatching(/^(corruption|io)$/) });
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
    damage(filled.table);
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
    expect(lost).toBeLessThan(COUNT);

    const seen = [0, 0];
    const reading = (async () => {
      for await (const { id } of spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) })) {
        const shard = shardOf(id as SpoolId, SHARDS);
        seen[shard] = (seen[shard] as number) + 1;
      }
    })();
    const error = await rejection<SpoolEngineError>(reading);
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(`${error.message} ${error.path}`, "the error names the shard").toMatch(/shard[- ]0/);
    expect(seen[SOUND], "the other shard is finished first").toBe(COUNT);
    expect(seen[DAMAGED]).toBeLessThan(COUNT);

    const id = idOnShard(SOUND, SHARDS);
    expect(await spool.store(id, payload(9, 100), { forceSync: true })).toBe("synced");
    expect(spool.health()[SOUND]).toMatchObject({ latched: false, reason: null, foregroundErrors: 0 });
  });

  it("is found by a compaction, which rejects", async () => {
    const { spool, table } = await filledSpool();
    damage(table);
    const error = await rejection<SpoolEngineError>(spool.compact());
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(`${error.message} ${error.path}`).toMatch(/shard[- ]0/);
    expectLatched(spool);
  });
});

describe("the spool's own word while one shard is latched", () => {
  it("is that it takes writes, where all shards must fail before it sheds load", async () => {
    const filled = await filledSpool({ shedWhen: "all" });
    flipMiddle(filled.table);
    await firstFailure(filled);
    expect(filled.spool.unhealthyReason()).toBeNull();
  });

  it("is that it does not, where any shard counts", async () => {
    const filled = await filledSpool({ shedWhen: "any" });
    expect(filled.spool.unhealthyReason()).toBeNull();
    flipMiddle(filled.table);
    await firstFailure(filled);
    expect(filled.spool.unhealthyReason()).toBe("the spool is not accepting writes");
  });

  it("loses nothing: what was stored before the latch is there when the damage is undone", async () => {
    const filled = await filledSpool();
    flipMiddle(filled.table);
    await firstFailure(filled);
    await filled.spool.shutdown();
    flipMiddle(filled.table);
    const again = await openUnchecked(onRocksDB, { path: dirname(dirname(filled.table)) });
    for (const [i, id] of filled.ids.entries()) {
      expect(Buffer.compare(await again.load(id), payload(2 * i, BYTES)), `message ${i}`).toBe(0);
    }
    await again.store(idOnShard(DAMAGED, SHARDS), payload(1, 10));
  });
});

import type { Worker } from "node:worker_threads";
import { type RocksSpool, SpoolError, SpoolShardLostError } from "rockspool";
import { shardThreads } from "rockspool/testing";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard } from "../support/shard-files.ts";
import { onRocksDB, openForTest, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { Ledger } from "./support/ledger.ts";

const SHARDS = 3;
const VICTIM = 1;
const DEATHS = 2;
const IN_FLIGHT = 96;

/**
 * Stores on all shards, `IN_FLIGHT` at a time, until it is stopped. Each lane keeps to one shard: a death always meets
 * some.
 */
class Load {
  readonly ledger = new Ledger();
  stopped = false;
  readonly #lanes: Promise<void>[];

  constructor(spool: RocksSpool) {
    this.#lanes = Array.from({ length: IN_FLIGHT }, async (_, lane) => {
      for (let i = lane; !this.stopped; i++) {
        const shard = lane % SHARDS;
        const id = idOnShard(shard, SHARDS);
        // A shard that refuses at once must not keep this loop from letting anything else run.
        if (!(await this.ledger.store(spool, id, shard, 200 + (i % 7) * 1500, i % 4 === 0)))
          await new Promise((resolve) => setImmediate(resolve));
      }
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.#lanes);
    await this.ledger.settled();
  }
}

/** Waits until the victim has acknowledged so many stores more. */
async function untilStored(load: Load, count: number): Promise<void> {
  const { acknowledgements } = load.ledger;
  const goal = (acknowledgements[VICTIM] ?? 0) + count;
  await until(`the victim has stored ${count} more`, () => (acknowledgements[VICTIM] ?? 0) >= goal);
}

describe("a shard's thread that is terminated", () => {
  it(`under load, ${DEATHS} times: every answer is true, service comes back, the other shards never fail`, async () => {
    const path = await temporaryDirectory();
    const spool = await openForTest(onRocksDB, { path, shards: SHARDS });
    const others = shardThreads(spool).filter((_, shard) => shard !== VICTIM);
    const load = new Load(spool);

    for (let death = 1; death <= DEATHS; death++) {
      await untilStored(load, 100);
      // Each life has another thread: it is the one that serves none of the others.
      const victim = shardThreads(spool).find((thread) => !others.includes(thread)) as Worker;
      await victim.terminate();
      await until("the death is known", () => (spool.health()[VICTIM]?.restarts ?? 0) >= death);
      await untilStored(load, 100);
    }
    await load.stop();

    expect(load.ledger.count("pending")).toBe(0);
    for (const shard of [0, 2]) expect(load.ledger.failuresOn(shard), `shard ${shard}`).toEqual([]);
    const failures = load.ledger.failuresOn(VICTIM);
    expect(failures).toContain("store SPOOL_SHARD_LOST unknown");
    expect(failures.filter((one) => !/^store SPOOL_SHARD_LOST (unknown|not-written)$/.test(one))).toEqual([]);
    expect(spool.health().map(({ state, restarts }) => ({ state, restarts }))).toEqual([
      { state: "open", restarts: 0 },
      { state: "open", restarts: DEATHS },
      { state: "open", restarts: 0 },
    ]);

    await load.ledger.expectKept(spool);
    await spool.shutdown();
    const again = await openForTest(onRocksDB, { path });
    await load.ledger.expectKept(again);
  });

  it("rejects loads, compaction and enumeration that were in it, and none of them hangs", async () => {
    const spool = await openForTest(onRocksDB, { path: await temporaryDirectory(), shards: SHARDS });
    const ids = Array.from({ length: 300 }, () => idOnShard(VICTIM, SHARDS));
    await Promise.all(ids.map((id, i) => spool.store(id, payload(i, 20_000))));
    const enumeration = spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) });
    await enumeration.next();

    const loads = Promise.allSettled(ids.map((id) => spool.load(id)));
    const onAllShards = Promise.allSettled([
      spool.compact(),
      spool.adviseLowMemory(),
      (async () => {
        for await (const _entry of enumeration);
      })(),
    ]);
    await shardThreads(spool)[VICTIM]?.terminate();
    for (const result of await loads) {
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(SpoolShardLostError);
    }
    const results = await onAllShards;
    for (const result of results) {
      if (result.status !== "rejected") continue;
      expect(result.reason).toBeInstanceOf(SpoolError);
      expect(result.reason.message, "which shard it was").toMatch(/shard 1\b/);
    }
    expect(results.at(-1)?.status, "the enumeration had not got far").toBe("rejected");

    await until("it is served again", () => spool.health()[VICTIM]?.state === "open");
    for (const [i, id] of ids.entries()) expect(Buffer.compare(await spool.load(id), payload(i, 20_000))).toBe(0);
  });

  it("rejects the stores that wait, those that were not sent as not-written", async () => {
    const spool = await openForTest(onRocksDB, { path: await temporaryDirectory(), shards: SHARDS });
    const ledger = new Ledger();
    // More than two frames hold: the rest cannot have been sent when the thread dies.
    for (let i = 0; i < 2000; i++) ledger.store(spool, idOnShard(VICTIM, SHARDS), VICTIM, 1000, false);
    const dying = shardThreads(spool)[VICTIM]?.terminate();
    await ledger.settled();
    await dying;
    expect(ledger.failuresOn(VICTIM)).toContain("store SPOOL_SHARD_LOST not-written");
    await until("it is served again", () => spool.health()[VICTIM]?.state === "open");
    await ledger.expectKept(spool);
  });

  it("at the moment of the shutdown does not keep it from ending, and loses nothing", async () => {
    const path = await temporaryDirectory();
    const spool = await openUnchecked(onRocksDB, { path, shards: SHARDS });
    const ledger = new Ledger();
    for (let i = 0; i < 500; i++) ledger.store(spool, idOnShard(i % SHARDS, SHARDS), i % SHARDS, 1000, true);
    const closing = Promise.allSettled([spool.shutdown()]);
    await shardThreads(spool)[VICTIM]?.terminate();
    await closing;
    await ledger.settled();
    expect(ledger.failuresOn(0)).toEqual([]);
    expect(await rejection(spool.load(idOnShard(0, SHARDS)))).toMatchObject({ code: "SPOOL_CLOSED" });
    await ledger.expectKept(await openForTest(onRocksDB, { path }));
  });

  it("of every shard at once is served again in every shard", async () => {
    const spool = await openForTest(onRocksDB, { path: await temporaryDirectory(), shards: SHARDS });
    const id = spool.newId();
    await spool.store(id, payload(1, 100));
    await Promise.all(shardThreads(spool).map((thread) => thread.terminate()));
    await until("all are served again", () =>
      spool.health().every(({ state, restarts }) => state === "open" && restarts === 1),
    );
    expect(Buffer.compare(await spool.load(id), payload(1, 100))).toBe(0);
    for (let shard = 0; shard < SHARDS; shard++) await spool.store(idOnShard(shard, SHARDS), payload(2, 100));
  });
});

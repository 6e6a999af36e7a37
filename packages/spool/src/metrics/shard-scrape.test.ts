import { describe, expect, it, vi } from "vitest";
import {
  DATA,
  end,
  idOn,
  makeDirectory,
  makeLoss,
  nonZero,
  type ObservedSpool,
  openObserved,
  storeInto,
} from "../../test/observed-spool.ts";
import type { FaultySpoolOptions } from "../testing/open-faulty-spool.ts";

const shard = (index: number, reason?: string): string =>
  `path="shard-00${index}"${reason === undefined ? "" : `,reason="${reason}"`}`;

/** The counts of latches and of unlatches. */
async function transitions({ scrape }: ObservedSpool): Promise<[Record<string, number>, Record<string, number>]> {
  return [nonZero(await scrape("rockspool_latches_total")), nonZero(await scrape("rockspool_unlatches_total"))];
}

describe("a scrape of transitions", () => {
  const failing = async ({ spool, faults }: ObservedSpool, kind: "io" | "corruption"): Promise<void> => {
    faults.shard(0).fail("write", { kind, times: 1 });
    await end(spool.store(idOn(0), DATA));
  };

  it.each([
    { kind: "corruption", latch: (observed: ObservedSpool) => failing(observed, "corruption") },
    { kind: "io", latch: (observed: ObservedSpool) => failing(observed, "io") },
    {
      kind: "errors",
      latch: async ({ faults }: ObservedSpool) => {
        faults.shard(0).reportBackgroundErrors();
        await faults.clock.advance("1 minute");
      },
    },
    {
      kind: "hang",
      latch: async ({ faults }: ObservedSpool) => {
        await faults.shard(0).hang().reached();
        await faults.clock.advance("1 minute");
        faults.shard(0).release();
      },
    },
    { kind: "operator", latch: ({ spool }: ObservedSpool) => spool.latch(0, "by hand") },
  ])(
    "counts a latch of kind $kind and its proof, then a second latch and its unlatch by force",
    async ({ kind, latch }) => {
      const observed = await openObserved();
      const { spool, scrape } = observed;
      expect(await transitions(observed)).toEqual([{}, {}]);
      await latch(observed);
      await spool.latch(0, "too late");
      expect(await transitions(observed)).toEqual([{ [shard(0, kind)]: 1 }, {}]);
      expect(await scrape("rocks_spool_load_shed_active")).toEqual({ [shard(0)]: 1, [shard(1)]: 0 });
      await spool.unlatch(0);
      expect(await transitions(observed)).toEqual([{ [shard(0, kind)]: 1 }, { [shard(0, "proof")]: 1 }]);
      await latch(observed);
      await spool.unlatch(0, { force: true });
      await spool.unlatch(0);
      expect(await transitions(observed)).toEqual([
        { [shard(0, kind)]: 2 },
        { [shard(0, "proof")]: 1, [shard(0, "force")]: 1 },
      ]);
      expect(await scrape("rocks_spool_load_shed_active")).toEqual({ [shard(0)]: 0, [shard(1)]: 0 });
    },
  );

  it("counts the latch of a shard that is down once, over any number of attempts to open it", async () => {
    const path = await makeDirectory();
    await storeInto(path, [idOn(0)]);
    const prepare: FaultySpoolOptions["prepare"] = (faults) => faults.shard(1).fail("open", { kind: "busy" });
    const observed = await openObserved({ path, prepare });
    for (let attempt = 0; attempt < 2; attempt++) await end(observed.spool.unlatch(1));
    expect(await transitions(observed)).toEqual([{ [shard(1, "down")]: 1 }, {}]);
    observed.faults.shard(1).release();
    await observed.spool.unlatch(1);
    expect(await transitions(observed)).toEqual([{ [shard(1, "down")]: 1 }, { [shard(1, "proof")]: 1 }]);
  });

  it("keeps its counts over a thread's death, and counts the deaths", async () => {
    const observed = await openObserved();
    const { spool, faults, scrape } = observed;
    await spool.store(idOn(0), DATA, { forceSync: true });
    await failing(observed, "io");
    for (let deaths = 1; deaths <= 2; deaths++) {
      await faults.shard(0).kill();
      await vi.waitUntil(() => spool.health()[0]?.state === "open", 30_000);
      expect(await scrape("rockspool_shard_restarts_total")).toEqual({ [shard(0)]: deaths, [shard(1)]: 0 });
    }
    expect(await transitions(observed)).toEqual([{ [shard(0, "io")]: 1 }, {}]);
    expect(nonZero(await scrape("rockspool_batch_records_count"))).toEqual({ [shard(0)]: 1 });
    expect(nonZero(await scrape("rockspool_wal_sync_duration_seconds_count"))).toEqual({ [shard(0)]: 1 });
  });
});

describe("a scrape of batches and syncs", () => {
  it("counts a batch by its records, stores and removes alike", async () => {
    const { spool, faults, scrape } = await openObserved();
    const stall = faults.shard(1).stall("write", { times: 1 });
    const first = spool.store(idOn(1), DATA);
    await stall.reached();
    // The operations that come meanwhile share the next batch.
    const ids = Array.from({ length: 5 }, () => idOn(1));
    const rest = [...ids.map((id) => spool.store(id, DATA)), ...ids.map((id) => spool.remove(id))];
    stall.release();
    await Promise.all([first, ...rest]);
    expect(nonZero(await scrape("rockspool_batch_records_sum"))).toEqual({ [shard(1)]: 11 });
    expect(nonZero(await scrape("rockspool_batch_records_count"))).toEqual({ [shard(1)]: 2 });
    const buckets = await scrape("rockspool_batch_records_bucket");
    const of = (le: string): number | undefined => buckets[`le="${le}",${shard(1)}`];
    expect(["1", "8", "16", "512", "+Inf"].map(of)).toEqual([1, 1, 2, 2, 2]);
    expect(nonZero(await scrape("rockspool_wal_sync_duration_seconds_count"))).toEqual({});
  });

  it("counts neither failed batches nor failed syncs", async () => {
    const { spool, faults, scrape } = await openObserved();
    faults.shard(0).fail("write", { kind: "busy", times: 1 });
    await end(spool.store(idOn(0), DATA));
    expect(nonZero(await scrape("rockspool_batch_records_count"))).toEqual({});
    faults.shard(0).fail("sync", { kind: "busy", after: 1 });
    for (let i = 0; i < 3; i++) await end(spool.store(idOn(0), DATA, { forceSync: true }));
    expect(nonZero(await scrape("rockspool_wal_sync_duration_seconds_count"))).toEqual({ [shard(0)]: 1 });
    expect((await scrape("rockspool_batch_records_count"))[shard(0)]).toBeGreaterThanOrEqual(2);
  });

  it("counts one sync for all waiting operations, with its duration", async () => {
    const { spool, faults, scrape } = await openObserved();
    const stall = faults.shard(0).stall("sync", { times: 1 });
    const first = spool.store(idOn(0), DATA, { forceSync: true });
    await stall.reached();
    const begunMs = performance.now();
    const rest = Array.from({ length: 7 }, () => spool.store(idOn(0), DATA, { forceSync: true }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const heldSeconds = (performance.now() - begunMs) / 1000;
    stall.release();
    expect(new Set(await Promise.all([first, ...rest]))).toEqual(new Set(["synced"]));
    expect(nonZero(await scrape("rockspool_wal_sync_duration_seconds_count"))).toEqual({ [shard(0)]: 2 });
    expect((await scrape("rockspool_wal_sync_duration_seconds_sum"))[shard(0)]).toBeGreaterThanOrEqual(heldSeconds);
  });
});

describe("a scrape of a loss", () => {
  it("counts the missing batches, and shows the shard as latched", async () => {
    const { path, id } = await makeLoss();
    const observed = await openObserved({ path });
    const { spool, scrape } = observed;
    const only = { [shard(0)]: 0, [shard(1)]: 1 };
    expect(await scrape("rockspool_missing_batches")).toEqual({ [shard(0)]: 0, [shard(1)]: 4 });
    expect(await scrape("rockspool_shard_loss")).toEqual(only);
    expect(await scrape("rocks_spool_load_shed_active")).toEqual(only);
    expect(await transitions(observed)).toEqual([{ [shard(1, "loss")]: 1 }, {}]);
    await end(spool.store(idOn(1), DATA));
    await spool.load(id);
    // An id that is not found there may be lost, so it is an error and not absent.
    await end(spool.load(idOn(1)));
    expect(nonZero(await scrape("rockspool_operations_total"))).toEqual({
      'path="shard-001",operation="store",outcome="unhealthy"': 1,
      'path="shard-001",operation="load",outcome="found"': 1,
      'path="shard-001",operation="load",outcome="engine"': 1,
    });
  });
});

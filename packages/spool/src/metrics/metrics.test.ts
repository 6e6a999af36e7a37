import { createStatusMemory, type MetricsRegistry, type Sample, ShardStatus } from "@rockspool/core";
import { Gauge, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { realEnvironment } from "../environment.ts";
import { StorageGuard } from "../monitor/storage-guard.ts";
import { ShardMeters } from "../operations/operation-meter.ts";
import { Outcome } from "../operations/outcome.ts";
import type { ShardClient } from "../shards/shard-client.ts";
import type { MetricSource } from "./metric.ts";
import { Metrics } from "./metrics.ts";

/** The part of a shard that metrics read. */
interface FakeShard extends Pick<ShardClient, "path" | "status" | "gate" | "meters"> {
  loss: ShardClient["loss"];
  restarts: number;
}

function fakeShard(path: string): FakeShard {
  const status = new ShardStatus(createStatusMemory(1), 0);
  return { path, status, gate: status.gate, meters: new ShardMeters(), loss: null, restarts: 0 };
}

function sourceOf(path: string, ...shards: FakeShard[]): MetricSource {
  const storage = new StorageGuard("/", { amount: 0 }, { amount: 0 }, realEnvironment.statfs);
  return { path, shards: shards as unknown as ShardClient[], storage };
}

function join(registry: Registry, source: MetricSource): Metrics {
  return new Metrics(registry as unknown as MetricsRegistry, source);
}

const figures: Sample = {
  memTableTotal: 1,
  memTableUnflushed: 2,
  memTableReadersTotal: 3,
  cacheTotal: 4,
  backgroundErrors: 5,
  writeStopped: 1,
  numRunningCompactions: 7,
  compactionPending: 1,
  estimatePendingCompactionBytes: 9,
  actualDelayedWriteRate: 10,
};

/** The lines of a scrape that begin with `start`, without it. */
async function scrape(registry: Registry, start: string): Promise<string[]> {
  const lines = (await registry.metrics()).split("\n").filter((line) => line.startsWith(start));
  return lines.map((line) => line.slice(start.length));
}

describe("metrics", () => {
  it("are KumoMTA's eleven gauges, read at the scrape", async () => {
    const registry = new Registry();
    const one = fakeShard("/one");
    join(registry, sourceOf("/", one));
    one.status.writeSample(figures);
    one.gate.latch("it is broken", 0, "io");
    expect(await scrape(registry, "rocks_spool_")).toEqual([
      `mem_table_total{path="/one"} 1`,
      `mem_table_unflushed{path="/one"} 2`,
      `mem_table_readers_total{path="/one"} 3`,
      `cache_total{path="/one"} 4`,
      `background_errors{path="/one"} 5`,
      `write_stopped{path="/one"} 1`,
      `load_shed_active{path="/one"} 1`,
      `num_running_compactions{path="/one"} 7`,
      `compaction_pending{path="/one"} 1`,
      `estimate_pending_compaction_bytes{path="/one"} 9`,
      `actual_delayed_write_rate{path="/one"} 10`,
    ]);
  });

  it("count operations by kind and outcome, and the pending ones", async () => {
    const registry = new Registry();
    const one = fakeShard("/one");
    join(registry, sourceOf("/", one));
    const { store, load, remove } = one.meters;
    store.end(100, store.begin(100), Outcome.Synced);
    store.begin(70);
    remove.begin(30);
    load.end(0, load.begin(0), Outcome.Absent);
    store.refused(Outcome.Full);
    store.refused(Outcome.Full);
    const counts = await scrape(registry, "rockspool_operations_total");
    expect(counts.filter((line) => !line.endsWith(" 0"))).toEqual([
      `{path="/one",operation="store",outcome="synced"} 1`,
      `{path="/one",operation="store",outcome="full"} 2`,
      `{path="/one",operation="load",outcome="absent"} 1`,
    ]);
    expect(counts).toHaveLength(12 + 7 + 9);
    expect(await scrape(registry, "rockspool_pending")).toEqual([
      `_operations{path="/one",operation="store"} 1`,
      `_operations{path="/one",operation="load"} 0`,
      `_operations{path="/one",operation="remove"} 1`,
      `_bytes{path="/one"} 100`,
    ]);
    // A call that was refused at once has no duration.
    expect(await scrape(registry, `rockspool_operation_duration_seconds_count`)).toEqual([
      `{path="/one",operation="store"} 1`,
      `{path="/one",operation="load"} 1`,
      `{path="/one",operation="remove"} 0`,
    ]);
  });

  it("show durations as cumulative buckets, each with its upper bound", async () => {
    const registry = new Registry();
    const one = fakeShard("/one");
    join(registry, sourceOf("/", one));
    for (const seconds of [0.00005, 0.000051, 0.3, 30, 31]) one.meters.store.seconds.add(seconds);
    const lines = await scrape(registry, "rockspool_operation_duration_seconds");
    const store = lines.filter((line) => line.includes(`operation="store"`));
    const bucket = (le: string): string => `_bucket{le="${le}",path="/one",operation="store"}`;
    expect(store).toHaveLength(18 + 3);
    expect(store).toEqual(
      expect.arrayContaining([
        `${bucket("0.00005")} 1`,
        `${bucket("0.0001")} 2`,
        `${bucket("0.25")} 2`,
        `${bucket("0.5")} 3`,
        `${bucket("10")} 3`,
        `${bucket("30")} 4`,
        `${bucket("+Inf")} 5`,
        `_sum{path="/one",operation="store"} 61.300101`,
        `_count{path="/one",operation="store"} 5`,
      ]),
    );
  });

  it("show each shard's batches, syncs, restarts, transitions and losses", async () => {
    const registry = new Registry();
    const [one, two, three] = [fakeShard("/one"), fakeShard("/two"), fakeShard("/three")];
    join(registry, sourceOf("/", one, two, three));
    one.status.batchSizes.add(3);
    one.status.syncSeconds.add(0.002);
    one.restarts = 2;
    two.loss = { reason: "batches are missing", missing: { from: 5, to: 7 } };
    three.loss = { reason: "the mark is missing", missing: null };
    two.gate.latch("lost", 1, "loss");
    two.gate.clear(0, "force");
    two.gate.latch("by hand", 2, "operator");
    two.gate.latch("already latched", 3, "io");
    expect(await scrape(registry, `rockspool_batch_records_bucket{le="4",path="/one"}`)).toEqual([" 1"]);
    expect(await scrape(registry, `rockspool_batch_records_sum{path="/one"}`)).toEqual([" 3"]);
    expect(await scrape(registry, `rockspool_wal_sync_duration_seconds_sum{path="/one"}`)).toEqual([" 0.002"]);
    expect(await scrape(registry, "rockspool_shard_restarts_total")).toEqual([
      `{path="/one"} 2`,
      `{path="/two"} 0`,
      `{path="/three"} 0`,
    ]);
    expect(await scrape(registry, "rockspool_shard_loss")).toEqual([
      `{path="/one"} 0`,
      `{path="/two"} 1`,
      `{path="/three"} 1`,
    ]);
    // A loss that cannot be counted has no series, instead of a 0.
    expect(await scrape(registry, "rockspool_missing_batches")).toEqual([`{path="/one"} 0`, `{path="/two"} 3`]);
    const latches = [
      ...(await scrape(registry, "rockspool_latches_total")),
      ...(await scrape(registry, "rockspool_unlatches_total")),
    ];
    expect(latches.filter((line) => !line.endsWith(" 0"))).toEqual([
      `{path="/two",reason="loss"} 1`,
      `{path="/two",reason="operator"} 1`,
      `{path="/two",reason="force"} 1`,
    ]);
    expect(latches).toHaveLength(3 * (7 + 2));
  });

  it("show the free space of the spool's file system after the first check", async () => {
    const registry = new Registry();
    const source = sourceOf("/spool", fakeShard("/spool/shard-000"));
    join(registry, source);
    expect(await scrape(registry, "rockspool_free")).toEqual([]);
    await source.storage.check();
    expect(await scrape(registry, "rockspool_free_bytes")).toEqual([`{path="/spool"} ${source.storage.freeBytes}`]);
  });

  it("of two spools in one registry do not clash, and each spool removes only its own", async () => {
    const registry = new Registry();
    const first = join(registry, sourceOf("/a", fakeShard("/a/one"), fakeShard("/a/two")));
    const second = join(registry, sourceOf("/b", fakeShard("/b/three")));
    const paths = async (): Promise<string[]> => {
      const found = new Set<string>();
      for (const [, path] of (await registry.metrics()).matchAll(/path="([^"]+)"/g)) found.add(path as string);
      return [...found].sort();
    };
    expect(await paths()).toEqual(["/a/one", "/a/two", "/b/three"]);
    first.leave();
    expect(await paths()).toEqual(["/b/three"]);
    second.leave();
    expect(registry.getMetricsAsArray()).toEqual([]);
    join(registry, sourceOf("/c", fakeShard("/c/four")));
    expect(await paths()).toEqual(["/c/four"]);
  });

  it("return with the next spool after the registry was cleared, and none is registered if one name is taken", () => {
    const registry = new Registry();
    const first = join(registry, sourceOf("/a", fakeShard("/a/one")));
    const all = registry.getMetricsAsArray().length;
    registry.clear();
    const second = join(registry, sourceOf("/b", fakeShard("/b/one")));
    expect(registry.getMetricsAsArray()).toHaveLength(all);
    for (const metrics of [first, second]) metrics.leave();
    new Gauge({ name: "rockspool_shard_loss", help: "a gauge of the application", registers: [registry] });
    expect(() => join(registry, sourceOf("/c", fakeShard("/c/one")))).toThrowError(
      expect.objectContaining({ code: "SPOOL_CONFIG", field: "registry" }),
    );
    expect(registry.getMetricsAsArray()).toHaveLength(1);
  });

  it("are well formed as OpenMetrics and as JSON too, and survive a reset", async () => {
    const registry = new Registry();
    const metrics = join(registry, sourceOf("/a", fakeShard("/a/one")));
    registry.resetMetrics();
    registry.setDefaultLabels({ host: "mx1" });
    const restarts = (await registry.getMetricsAsJSON()).find(({ name }) => name === "rockspool_shard_restarts_total");
    expect(restarts).toMatchObject({
      type: "counter",
      values: [{ value: 0, labels: { path: "/a/one", host: "mx1" } }],
    });
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const text = await registry.metrics();
    expect(text).toContain(`# TYPE rockspool_shard_restarts counter\nrockspool_shard_restarts_total{`);
    expect(text).toContain("# TYPE rocks_spool_cache_total unknown\n");
    expect(text).toContain(`rockspool_batch_records_bucket{host="mx1",le="+Inf",path="/a/one"} 0`);
    metrics.leave();
    expect(registry.getMetricsAsArray()).toEqual([]);
  });
});

import { createGateMemory, type MetricsRegistry, type Sample, ShardGate } from "@rockspool/core";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { Metrics } from "./metrics.ts";
import type { ShardClient } from "./shard-client.ts";

/** The part of a shard that metrics read. */
function shard(path: string): ShardClient {
  return { path, gate: new ShardGate(createGateMemory(1), 0) } as ShardClient;
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

/** The values of a registry, by name and path. */
async function scrape(registry: Registry): Promise<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const { name, values: series } of await registry.getMetricsAsJSON()) {
    for (const { value, labels } of series) values[`${name} ${labels.path}`] = value;
  }
  return values;
}

describe("metrics", () => {
  it("are the seed's eleven gauges, read when they are scraped", async () => {
    const registry = new Registry();
    const one = shard("/one");
    new Metrics(registry as unknown as MetricsRegistry, [one]);
    one.gate.writeSample(figures);
    one.gate.latch("it is broken", 0, "io");
    expect(await scrape(registry)).toEqual({
      "rocks_spool_mem_table_total /one": 1,
      "rocks_spool_mem_table_unflushed /one": 2,
      "rocks_spool_mem_table_readers_total /one": 3,
      "rocks_spool_cache_total /one": 4,
      "rocks_spool_background_errors /one": 5,
      "rocks_spool_write_stopped /one": 1,
      "rocks_spool_load_shed_active /one": 1,
      "rocks_spool_num_running_compactions /one": 7,
      "rocks_spool_compaction_pending /one": 1,
      "rocks_spool_estimate_pending_compaction_bytes /one": 9,
      "rocks_spool_actual_delayed_write_rate /one": 10,
    });
  });

  it("of two spools in one registry do not clash, and each takes only its own away", async () => {
    const registry = new Registry();
    const first = new Metrics(registry as unknown as MetricsRegistry, [shard("/one"), shard("/two")]);
    const second = new Metrics(registry as unknown as MetricsRegistry, [shard("/three")]);
    expect(Object.keys(await scrape(registry))).toHaveLength(33);
    first.leave();
    expect(Object.keys(await scrape(registry)).every((key) => key.endsWith("/three"))).toBe(true);
    expect(Object.keys(await scrape(registry))).toHaveLength(11);
    second.leave();
    expect(registry.getMetricsAsArray()).toEqual([]);
    new Metrics(registry as unknown as MetricsRegistry, [shard("/four")]);
    expect(Object.keys(await scrape(registry))).toHaveLength(11);
  });
});

import type { Sample } from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";
import type { MetricDefinition } from "./metric.ts";

/** KumoMTA's eleven gauges, one series a shard: RocksDB's properties as of the last monitor tick, and the gate. */
export const rocksDbMetrics: readonly MetricDefinition[] = [
  property(
    "memTableTotal",
    "mem_table_total",
    "Approximate bytes in all memtables of the shard, including those being flushed.",
  ),
  property(
    "memTableUnflushed",
    "mem_table_unflushed",
    "Approximate bytes in memtables that are not flushed to a table yet.",
  ),
  property(
    "memTableReadersTotal",
    "mem_table_readers_total",
    "Approximate bytes that open tables take in memory (indexes, filters) outside the block cache.",
  ),
  property("cacheTotal", "cache_total", "Bytes in the shard's block cache."),
  property(
    "backgroundErrors",
    "background_errors",
    "Flushes and compactions that failed since the shard was opened. Alert on its increase.",
  ),
  property(
    "writeStopped",
    "write_stopped",
    "1 while RocksDB stops writes until a flush or compaction has caught up. That is back-pressure, not damage.",
  ),
  gauge(
    "load_shed_active",
    "1 while the shard's gate is latched: its stores and removes are refused at once. Page on this one.",
    ({ gate }) => Number(gate.latched),
  ),
  property(
    "numRunningCompactions",
    "num_running_compactions",
    "Running compactions. A long 0 while the backlog grows means that background work is stuck.",
  ),
  property(
    "compactionPending",
    "compaction_pending",
    "1 while a compaction waits to be run. Changes are normal under load.",
  ),
  property(
    "estimatePendingCompactionBytes",
    "estimate_pending_compaction_bytes",
    "Approximate bytes that compactions must rewrite until all levels are within their sizes.",
  ),
  property(
    "actualDelayedWriteRate",
    "actual_delayed_write_rate",
    "The rate in bytes a second to which RocksDB slows writes down; 0 while it does not. An early sign of a stop.",
  ),
];

function property(field: keyof Sample, name: string, help: string): MetricDefinition {
  return gauge(name, help, ({ status }) => status.readSample()[field]);
}

function gauge(name: string, help: string, read: (shard: ShardClient) => number): MetricDefinition {
  return {
    name: `rocks_spool_${name}`,
    help,
    // KumoMTA's names. Prometheus' lint allows the suffix `_total` only for counters and for metrics without a type.
    type: name.endsWith("_total") ? "untyped" : "gauge",
    series: ({ shards }) => shards.map((shard) => ({ labels: { path: shard.path }, read: () => read(shard) })),
  };
}

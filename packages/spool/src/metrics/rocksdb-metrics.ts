import type { Sample } from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";
import type { MetricDefinition } from "./metric.ts";

/** The seed's eleven gauges, one series a shard: RocksDB's figures as the last monitor tick found them, and the gate. */
export const rocksDbMetrics: readonly MetricDefinition[] = [
  figure(
    "memTableTotal",
    "mem_table_total",
    "Bytes in all memtables of the shard, about; those being flushed count too.",
  ),
  figure("memTableUnflushed", "mem_table_unflushed", "Bytes in memtables whose content is in no table yet, about."),
  figure(
    "memTableReadersTotal",
    "mem_table_readers_total",
    "Bytes that open tables take up in memory (indexes, filters) outside the block cache, about.",
  ),
  figure("cacheTotal", "cache_total", "Bytes in the shard's block cache."),
  figure(
    "backgroundErrors",
    "background_errors",
    "Flushes and compactions that failed since the shard was opened. Alert on its increase.",
  ),
  figure(
    "writeStopped",
    "write_stopped",
    "1 while RocksDB takes no writes until a flush or compaction has caught up. That is back-pressure, not damage.",
  ),
  gauge(
    "load_shed_active",
    "1 while the shard's gate is latched: its stores and removes are refused at once. Page on this one.",
    ({ gate }) => Number(gate.latched),
  ),
  figure(
    "numRunningCompactions",
    "num_running_compactions",
    "Compactions that run now. 0 for long while the backlog grows means that the background work is stuck.",
  ),
  figure(
    "compactionPending",
    "compaction_pending",
    "1 while a compaction waits to be run. Coming and going is normal under load.",
  ),
  figure(
    "estimatePendingCompactionBytes",
    "estimate_pending_compaction_bytes",
    "Bytes that compactions have to rewrite until all levels are within their sizes, about.",
  ),
  figure(
    "actualDelayedWriteRate",
    "actual_delayed_write_rate",
    "Bytes a second that RocksDB slows writers down to; 0 while it does not. The early sign of a stop.",
  ),
];

function figure(field: keyof Sample, name: string, help: string): MetricDefinition {
  return gauge(name, help, ({ status }) => status.readSample()[field]);
}

function gauge(name: string, help: string, read: (shard: ShardClient) => number): MetricDefinition {
  return {
    name: `rocks_spool_${name}`,
    help,
    // The seed's names stay. Prometheus' lint keeps `_total` for counters, which these are not, but lets what has no type have it.
    type: name.endsWith("_total") ? "untyped" : "gauge",
    series: ({ shards }) => shards.map((shard) => ({ labels: { path: shard.path }, read: () => read(shard) })),
  };
}

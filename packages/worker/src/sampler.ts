import type { Sample } from "@rockspool/core";
import type { Engine } from "./engine.ts";

/** RocksDB's property for each figure, as `get_memory_usage_stats` and `metrics_monitor` in rocks.rs read them. */
const PROPERTIES: Readonly<Record<keyof Sample, string>> = {
  memTableTotal: "size-all-mem-tables",
  memTableUnflushed: "cur-size-all-mem-tables",
  memTableReadersTotal: "estimate-table-readers-mem",
  cacheTotal: "block-cache-usage",
  backgroundErrors: "background-errors",
  writeStopped: "is-write-stopped",
  numRunningCompactions: "num-running-compactions",
  compactionPending: "compaction-pending",
  estimatePendingCompactionBytes: "estimate-pending-compaction-bytes",
  actualDelayedWriteRate: "actual-delayed-write-rate",
};

export async function takeSample(engine: Engine): Promise<Sample> {
  const sample = {} as Sample;
  for (const field of Object.keys(PROPERTIES) as (keyof Sample)[])
    sample[field] = await engine.figure(PROPERTIES[field]);
  return sample;
}

/** What `adviseLowMemory` can give back (`Stats::total` in rocks.rs). */
export function memoryBytes(sample: Sample): number {
  return sample.memTableTotal + sample.memTableReadersTotal + sample.cacheTotal;
}

import { LATCH_KINDS, type LatchKind, UNLATCH_KINDS, type UnlatchKind } from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";
import type { MetricDefinition, MetricSource, Series } from "./metric.ts";

/** How each shard works and fares, and the room that the spool has. */
export const shardMetrics: readonly MetricDefinition[] = [
  {
    name: "rockspool_batch_records",
    help: "Records of each batch that RocksDB took: how well writes share one.",
    type: "histogram",
    series: eachShard(({ status }) => status.batchSizes),
  },
  {
    name: "rockspool_wal_sync_duration_seconds",
    help: "How long each sync of the write-ahead log took that went well; one that fails latches the gate.",
    type: "histogram",
    series: eachShard(({ status }) => status.syncSeconds),
  },
  {
    name: "rockspool_shard_restarts_total",
    help: "How often the shard's thread died.",
    type: "counter",
    series: eachShard((shard) => () => shard.restarts),
  },
  {
    name: "rockspool_latches_total",
    help: "How often the shard's gate latched, by kind of reason.",
    type: "counter",
    series: transitions(LATCH_KINDS),
  },
  {
    name: "rockspool_unlatches_total",
    help: "How often the shard's gate was opened again: by a proof that the shard works, or by force.",
    type: "counter",
    series: transitions(UNLATCH_KINDS),
  },
  {
    name: "rockspool_shard_loss",
    help: "1 where the shard was found without something that it must hold; it is served read-only, or not at all.",
    type: "gauge",
    series: eachShard((shard) => () => Number(shard.loss !== null)),
  },
  {
    name: "rockspool_missing_batches",
    help: "Write batches that were on the disk and of which all or some are not found any more. Not there where a loss cannot be counted.",
    type: "gauge",
    series: eachShard((shard) => () => missingBatches(shard)),
  },
  {
    name: "rockspool_free_bytes",
    help: "Free space of the file system that the spool lies in; path is the spool's.",
    type: "gauge",
    series: ({ path, storage }) => [{ labels: { path }, read: () => storage.freeBytes }],
  },
  {
    name: "rockspool_free_inodes",
    help: "Free inodes of the file system that the spool lies in, where it counts any; path is the spool's.",
    type: "gauge",
    series: ({ path, storage }) => [{ labels: { path }, read: () => storage.freeInodes }],
  },
];

function eachShard(read: (shard: ShardClient) => Series["read"]): (source: MetricSource) => Series[] {
  return ({ shards }) => shards.map((shard) => ({ labels: { path: shard.path }, read: read(shard) }));
}

function transitions(kinds: readonly (LatchKind | UnlatchKind)[]): (source: MetricSource) => Series[] {
  return ({ shards }) =>
    shards.flatMap(({ path, gate }) =>
      kinds.map((reason) => ({ labels: { path, reason }, read: () => gate.transitions(reason) })),
    );
}

function missingBatches({ loss }: ShardClient): number | null {
  if (loss === null) return 0;
  return loss.missing === null ? null : loss.missing.to - loss.missing.from + 1;
}

import { LATCH_KINDS, type LatchKind, UNLATCH_KINDS, type UnlatchKind } from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";
import type { MetricDefinition, MetricSource, Series } from "./metric.ts";

/** Metrics of each shard's batches, syncs, transitions and losses, and of the spool's file system. */
export const shardMetrics: readonly MetricDefinition[] = [
  {
    name: "rockspool_batch_records",
    help: "Records in each batch that was written: how well writes share a batch.",
    type: "histogram",
    series: eachShard(({ status }) => status.batchSizes),
  },
  {
    name: "rockspool_wal_sync_duration_seconds",
    help: "Duration of each successful sync of the message log. A failed one latches the gate.",
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
    help: "How often the shard's gate opened: by a proof that the shard works, or by force.",
    type: "counter",
    series: transitions(UNLATCH_KINDS),
  },
  {
    name: "rockspool_shard_loss",
    help: "1 if something that the shard must hold was found missing. Such a shard is served read-only, or not at all.",
    type: "gauge",
    series: eachShard((shard) => () => Number(shard.loss !== null)),
  },
  {
    name: "rockspool_missing_batches",
    help: "Synced blocks of the message log of which all or some are missing. Absent if they cannot be counted.",
    type: "gauge",
    series: eachShard((shard) => () => missingBatches(shard)),
  },
  {
    name: "rockspool_free_bytes",
    help: "Free space of the spool's file system. The label path is the spool's directory.",
    type: "gauge",
    series: ({ path, storage }) => [{ labels: { path }, read: () => storage.freeBytes }],
  },
  {
    name: "rockspool_free_inodes",
    help: "Free inodes of the spool's file system, if it counts inodes. The label path is the spool's directory.",
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

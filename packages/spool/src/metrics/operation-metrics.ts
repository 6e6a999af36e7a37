import type { OperationMeter, ShardMeters } from "../operations/operation-meter.ts";
import { OUTCOME_LABELS, Outcome } from "../operations/outcome.ts";
import type { MetricDefinition, MetricSource, Series } from "./metric.ts";

const LOAD_OUTCOMES = [
  Outcome.Found,
  Outcome.Absent,
  Outcome.Aborted,
  Outcome.Engine,
  Outcome.ShardLost,
  Outcome.Closed,
  Outcome.Other,
] as const;

const REMOVE_OUTCOMES = [
  Outcome.Written,
  Outcome.Synced,
  Outcome.Unhealthy,
  Outcome.BackpressureTimeout,
  Outcome.Aborted,
  Outcome.Engine,
  Outcome.ShardLost,
  Outcome.Closed,
  Outcome.Other,
] as const;

/**
 * The possible outcomes of each kind. Their series exist from the start, at 0: otherwise a rate would miss the first
 * increase.
 */
const OUTCOMES: Readonly<Record<keyof ShardMeters, readonly Outcome[]>> = {
  store: [...REMOVE_OUTCOMES, Outcome.Full, Outcome.TooLarge, Outcome.CallerDeadline],
  load: LOAD_OUTCOMES,
  remove: REMOVE_OUTCOMES,
};

const KINDS = Object.keys(OUTCOMES) as (keyof ShardMeters)[];

/** Metrics of each shard's stores, loads and removes. */
export const operationMetrics: readonly MetricDefinition[] = [
  {
    name: "rockspool_operations_total",
    help: "Stores, loads and removes that have ended, by how they ended. Calls with wrong arguments are not counted.",
    type: "counter",
    series: eachKind((meter, operation, path) =>
      OUTCOMES[operation].map((outcome) => ({
        labels: { path, operation, outcome: OUTCOME_LABELS[outcome] },
        read: () => meter.count(outcome),
      })),
    ),
  },
  {
    name: "rockspool_operation_duration_seconds",
    help: "Time from the call of a store, load or remove to its end. Calls that were refused at once are left out.",
    type: "histogram",
    series: eachKind((meter, operation, path) => [{ labels: { path, operation }, read: meter.seconds }]),
  },
  {
    name: "rockspool_pending_operations",
    help: "Pending stores, loads and removes: in the admission queue, in a frame, or with the shard's thread.",
    type: "gauge",
    series: eachKind((meter, operation, path) => [{ labels: { path, operation }, read: () => meter.pending }]),
  },
  {
    name: "rockspool_pending_bytes",
    help: "Bytes of pending stores and removes, including those that are not copied to a frame yet.",
    type: "gauge",
    series: ({ shards }) =>
      shards.map(({ path, meters: { store, remove } }) => ({
        labels: { path },
        read: () => store.pendingBytes + remove.pendingBytes,
      })),
  },
];

function eachKind(
  series: (meter: OperationMeter, operation: keyof ShardMeters, path: string) => readonly Series[],
): (source: MetricSource) => Series[] {
  return ({ shards }) =>
    shards.flatMap(({ path, meters }) => KINDS.flatMap((operation) => series(meters[operation], operation, path)));
}

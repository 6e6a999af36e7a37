import { SpoolEngineError } from "@rockspool/core";

/** What went wrong in one shard of an operation on all of them. */
export interface ShardFailure {
  readonly shard: { readonly index: number; readonly path: string };
  readonly error: Error;
}

/** One error for all: its kind and path are the first's, its cause the error, or an `AggregateError` of them. */
export function shardsFailed(what: string, failures: readonly ShardFailure[]): SpoolEngineError {
  const [first] = failures;
  const errors = failures.map(({ error }) => error);
  const each = failures.map(({ shard, error }) => `shard ${shard.index} (${shard.path}): ${error.message}`);
  return new SpoolEngineError(`${what} failed in ${each.join("; ")}`, {
    kind: first?.error instanceof SpoolEngineError ? first.error.kind : "other",
    path: first?.shard.path ?? "",
    shards: failures.map(({ shard }) => shard.index),
    cause: errors.length === 1 ? errors[0] : new AggregateError(errors, `${what} failed in ${errors.length} shards`),
  });
}

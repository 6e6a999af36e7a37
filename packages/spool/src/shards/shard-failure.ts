import { SpoolEngineError, SpoolError, SpoolShardLostError } from "@rockspool/core";

/** The failure of one shard in an operation on all shards. */
export interface ShardFailure {
  readonly shard: { readonly index: number; readonly path: string };
  readonly error: Error;
}

/**
 * One error for all shards that failed. Its kind and path are those of the first failure. Its cause is that failure, or
 * an `AggregateError` if there are several.
 */
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

/**
 * The error of a shard that cannot be opened. If its thread died, the cause of the death becomes the error: a
 * `SpoolShardLostError` would speak of an operation that the thread had taken.
 */
export function openingFailed(error: unknown, path: string): SpoolError {
  if (error instanceof SpoolError && !(error instanceof SpoolShardLostError)) return error;
  const cause = (error as Error).cause instanceof Error ? ((error as Error).cause as Error) : (error as Error);
  return new SpoolEngineError(cause.message, { kind: "other", path, cause });
}

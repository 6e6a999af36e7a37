import { SpoolEngineError } from "@rockspool/core";
import { within } from "../aborts/within.ts";
import type { DirectoryLock } from "../directory/directory-lock.ts";
import type { ShardThreads } from "../threads/shard-threads.ts";
import type { ShardClient } from "./shard-client.ts";
import { type ShardFailure, shardsFailed } from "./shard-failure.ts";

/** Works on all shards and waits for all of them. If any failed, throws one error for all failures. */
export async function onAllShards<T>(
  what: string,
  shards: readonly ShardClient[],
  work: (shard: ShardClient) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(shards.map(work));
  const values: T[] = [];
  const failures: ShardFailure[] = [];
  for (const [i, result] of results.entries()) {
    if (result.status === "fulfilled") values.push(result.value);
    else failures.push({ shard: shards[i] as ShardClient, error: result.reason });
  }
  if (failures.length > 0) throw shardsFailed(what, failures);
  return values;
}

/**
 * Closes all shards, ends their threads and releases the directory's lock. Rejects with the failures. After the timeout
 * it rejects with the shards that are still closing: their threads end and the lock is released later, when their disk
 * answers.
 */
export async function closeAllShards(
  shards: readonly ShardClient[],
  threads: ShardThreads,
  lock: DirectoryLock,
  timeoutMs: number,
): Promise<void> {
  const closing = onAllShards("closing", shards, (shard) => shard.close());
  // The lock is held until every shard is closed: a late one may still write.
  const free = closing
    .catch(() => {})
    .then(() => threads.end())
    .then(() => lock.release());
  if (!(await within(timeoutMs, free))) {
    const late = shards.filter(({ closed }) => !closed);
    const reason = `it has not closed in ${timeoutMs / 1000} s`;
    throw shardsFailed(
      "closing",
      late.map((shard) => ({ shard, error: new SpoolEngineError(reason, { kind: "busy", path: shard.path }) })),
    );
  }
  await free;
  await closing;
}

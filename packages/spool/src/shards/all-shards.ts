import { SpoolEngineError } from "@rockspool/core";
import { within } from "../aborts/within.ts";
import type { DirectoryLock } from "../directory/directory-lock.ts";
import type { ShardClient } from "./shard-client.ts";
import { type ShardFailure, shardsFailed } from "./shard-failure.ts";
import type { ShardThreads } from "./shard-threads.ts";

/** Waits for all shards, whichever fails; then throws what failed. */
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
 * Closes all shards, ends their threads and gives the directory back. Rejects with what failed, or, after the timeout, with which shards
 * are late: they are closed, and the directory is free, when their disk answers after all.
 */
export async function closeAllShards(
  shards: readonly ShardClient[],
  threads: ShardThreads,
  lock: DirectoryLock,
  timeoutMs: number,
): Promise<void> {
  const closing = onAllShards("closing", shards, (shard) => shard.close());
  // Whatever a shard that is late still does, nobody else has the directory meanwhile.
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

import type { Worker } from "node:worker_threads";
import type { RocksSpool } from "../spool.ts";

/**
 * The threads of the spool's shards, in no particular order. To kill the thread of one shard, use
 * `faults.shard(n).kill()`.
 */
export function shardThreads(spool: RocksSpool): readonly Worker[] {
  return spool.threads;
}

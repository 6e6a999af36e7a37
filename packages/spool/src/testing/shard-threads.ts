import type { Worker } from "node:worker_threads";
import type { RocksSpool } from "../spool.ts";

/** The threads that serve the spool's shards, to be made to die. In no order: `faults.shard(n).kill()` knows which is whose. */
export function shardThreads(spool: RocksSpool): readonly Worker[] {
  return spool.threads;
}

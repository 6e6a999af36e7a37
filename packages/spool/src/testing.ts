import type { Worker } from "node:worker_threads";
import type { SpoolOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { openSpoolOn } from "./open-spool.ts";
import type { RocksSpool } from "./spool.ts";

/** For tests of what embeds a spool. */

/** A spool with all threads and frames, whose shards are kept in memory and saved where RocksDB would sync. */
export function openMemorySpool(options: SpoolOptions): Promise<RocksSpool> {
  return openSpoolOn(engineUrls.memory, options);
}

/** The threads that serve the spool's shards, to be made to die. */
export function shardThreads(spool: RocksSpool): readonly Worker[] {
  return spool.threads;
}

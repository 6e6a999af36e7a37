import type { SpoolOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { openSpoolIn } from "../open-spool.ts";
import type { RocksSpool } from "../spool.ts";

/**
 * Opens a spool with threads and frames as usual, but with shards that are kept in memory. Writes survive a close and a
 * crash of the process, as with RocksDB, but not a power cut: nothing is synced.
 */
export function openMemorySpool(options: SpoolOptions): Promise<RocksSpool> {
  return openSpoolIn({ engine: engineUrls.memory }, options);
}

import type { SpoolOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { openSpoolIn } from "../open-spool.ts";
import type { RocksSpool } from "../spool.ts";

/**
 * A spool with all threads and frames, whose shards are kept in memory. What was written is there at the next open, as with
 * RocksDB, but for a power cut.
 */
export function openMemorySpool(options: SpoolOptions): Promise<RocksSpool> {
  return openSpoolIn({ engine: engineUrls.memory }, options);
}

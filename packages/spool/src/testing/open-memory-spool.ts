import type { SpoolOptions } from "@rockspool/core";
import { engineUrls } from "@rockspool/worker";
import { openSpoolIn } from "../open-spool.ts";
import type { RocksSpool } from "../spool.ts";

/**
 * Opens a spool whose indexes are in memory. Threads, frames and message logs are as usual, so writes survive as in any
 * spool. Each opening makes the indexes anew from the logs.
 */
export function openMemorySpool(options: SpoolOptions): Promise<RocksSpool> {
  return openSpoolIn({ engine: engineUrls.memory }, options);
}

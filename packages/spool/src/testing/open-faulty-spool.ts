import type { SpoolOptions } from "@rockspool/core";
import { parseDuration } from "@rockspool/core/options";
import { createFaultMemory, engineUrls, type FaultEngineData } from "@rockspool/worker";
import { openSpoolIn } from "../open-spool.ts";
import type { RocksSpool } from "../spool.ts";
import { Faults } from "./faults.ts";

/** The options of `openSpool`, and those of the faults. */
export interface FaultySpoolOptions extends SpoolOptions {
  /** The engine of the shards. Default: `"memory"`. */
  engine?: "memory" | "rocksdb";
  /** Called before the spool opens, to set faults that must be in force by then. */
  prepare?: (faults: Faults) => void;
}

export interface FaultySpool {
  readonly spool: RocksSpool;
  readonly faults: Faults;
}

const MAX_SHARDS = 256;

/**
 * Opens a spool in which a test can set faults. Its monitor ticks only by `faults.clock`. A disk counts as full when no
 * byte is free, unless `minFreeSpace` asks for more. Rejects as `openSpool` does.
 *
 * Release stalls before you shut the spool down: a shutdown waits for pending operations.
 */
export async function openFaultySpool({
  engine = "memory",
  prepare,
  ...options
}: FaultySpoolOptions): Promise<FaultySpool> {
  const shards = options.shards ?? MAX_SHARDS;
  const memory = createFaultMemory(shards);
  const intervalMs = parseDuration(options.monitorInterval ?? "5s");
  const faults = new Faults(memory, shards, intervalMs ?? 0);
  prepare?.(faults);
  const workerData: FaultEngineData = { engine: engineUrls[engine].href, memory };
  const spool = await openSpoolIn(
    { engine: engineUrls.fault, workerData, ...faults.environment },
    // An invalid interval is passed on, so that it is refused as in `openSpool`.
    { minFreeSpace: 1, ...options, monitorInterval: intervalMs === null ? options.monitorInterval : "1 hour" },
  );
  faults.opened(spool);
  return { spool, faults };
}

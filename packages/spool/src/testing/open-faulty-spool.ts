import type { SpoolOptions } from "@rockspool/core";
import { parseDuration } from "@rockspool/core/options";
import { createFaultMemory, engineUrls, type FaultEngineData } from "@rockspool/worker";
import { openSpoolIn } from "../open-spool.ts";
import type { RocksSpool } from "../spool.ts";
import { Faults } from "./faults.ts";

/** What `openSpool` takes, and more. */
export interface FaultySpoolOptions extends SpoolOptions {
  /** What keeps the shards. Default: `"memory"`. */
  engine?: "memory" | "rocksdb";
  /** Sets faults that are in force when the spool opens. */
  prepare?: (faults: Faults) => void;
}

export interface FaultySpool {
  readonly spool: RocksSpool;
  readonly faults: Faults;
}

const MAX_SHARDS = 256;

/**
 * Opens a spool whose faults a test commands. Its monitor ticks only by `faults.clock`. A disk counts as full when no byte is
 * free, unless `minFreeSpace` says more. Rejects as `openSpool` does.
 *
 * Release what stalls before you shut the spool down: a shutdown waits for what is under way.
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
    // One that is wrong is refused as usual.
    { minFreeSpace: 1, ...options, monitorInterval: intervalMs === null ? options.monitorInterval : "1 hour" },
  );
  faults.opened(spool);
  return { spool, faults };
}

import type { EngineOptions } from "../src/engine/engine.ts";

/** RocksDB's defaults. A small `writeBufferSize` makes many tables and logs. */
export function engineOptions(mode: EngineOptions["mode"], writeBufferSize: number | null = null): EngineOptions {
  return { mode, fullSync: false, maxBackgroundJobs: null, maxOpenFiles: null, writeBufferSize };
}

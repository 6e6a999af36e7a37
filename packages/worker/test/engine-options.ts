import type { EngineOptions } from "../src/engine/engine.ts";

/** RocksDB's own settings, but for its memtables where a test needs many tables and logs. */
export function engineOptions(mode: EngineOptions["mode"], writeBufferSize: number | null = null): EngineOptions {
  return { mode, fullSync: false, maxBackgroundJobs: null, maxOpenFiles: null, writeBufferSize };
}

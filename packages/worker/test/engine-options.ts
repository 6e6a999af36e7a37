import type { EngineOptions } from "../src/engine/engine.ts";

/** RocksDB's defaults. A small `writeBufferSize` makes many tables. */
export function engineOptions(mode: EngineOptions["mode"], writeBufferSize: number | null = null): EngineOptions {
  return { mode, maxBackgroundJobs: null, maxOpenFiles: null, writeBufferSize };
}

import type { ServeShardTask } from "../protocol/protocol.ts";
import type { EngineOptions } from "./engine.ts";

/**
 * RocksDB's `max_write_buffer_number`: once all but one await their flush, the next memtable switch stops all writes.
 * KumoMTA has 2; syncing a table takes longer than filling a memtable. With 4 MiB buffers 3 gave a p99.9 of 45 ms
 * instead of 84 (medians of 5 runs).
 */
export const MAX_MEMTABLES = 3;

export function engineOptions({ params }: ServeShardTask): Omit<EngineOptions, "mode"> {
  return {
    maxBackgroundJobs: params.increaseParallelism,
    maxOpenFiles: params.maxOpenFiles,
    writeBufferSize: params.writeBufferSize,
  };
}

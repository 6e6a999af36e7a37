import type { ServeShardTask } from "../protocol/protocol.ts";
import type { EngineOptions } from "./engine.ts";

/** How a shard that is served is opened for writing. */
export function engineOptions({ fresh, fullSync, params }: ServeShardTask): EngineOptions {
  return {
    mode: fresh ? "create" : "existing",
    fullSync,
    maxBackgroundJobs: params.increaseParallelism,
    maxOpenFiles: params.maxOpenFiles,
    writeBufferSize: params.writeBufferSize,
  };
}

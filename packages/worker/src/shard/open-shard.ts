import type { EngineModule } from "../engine/engine.ts";
import { engineOptions } from "../engine/engine-options.ts";
import type { LogLine, Loss, ServeShardTask } from "../protocol/protocol.ts";
import { openStore } from "../store/open-store.ts";
import { checkDirectory } from "./directory-check.ts";
import { Shard } from "./shard.ts";

/**
 * Opens a shard. Rejects if it cannot be opened.
 *
 *     new, or sound ──────────────────▶ a shard that serves reads and writes
 *     loss ───────────────────────────▶ a shard that serves reads
 *     loss, and nothing can be read ──▶ the loss
 */
export async function openShard(task: ServeShardTask): Promise<Shard | Loss> {
  const { index, path, logPath, markPath, spool, fresh, fullSync, params } = task;
  const log = (level: LogLine["level"], fields: object, message: string): void => {
    const line: LogLine = {
      level,
      fields: { shard: index, path, ...fields },
      message: `rocksdb at ${path}: ${message}`,
    };
    task.log.postMessage(line);
  };
  const module = (await import(task.engine)) as EngineModule;
  if (fresh) checkDirectory(path);
  const opened = await openStore({
    path,
    logPath,
    markPath,
    identity: { spool, shard: index },
    fresh,
    module,
    options: engineOptions(task),
    segmentBytes: params.segmentSize,
    fullSync,
    onProgress: (doing, records) => log("info", { records }, `${doing}: ${records} records`),
  });
  if (!("store" in opened)) return opened;
  for (const note of opened.notes) log("warn", {}, note);
  return new Shard(task, opened.store, module, opened.loss);
}

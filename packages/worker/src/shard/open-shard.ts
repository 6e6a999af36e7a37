import { readBatchNumber } from "../engine/batch-number.ts";
import type { EngineModule } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { engineOptions } from "../engine/engine-options.ts";
import { putBackManifest } from "../healing/damaged-manifest.ts";
import type { LogLine, Loss, ServeShardTask } from "../protocol/protocol.ts";
import { inspectShard } from "../recovery/inspection.ts";
import { unreadLogs } from "../recovery/unread-logs.ts";
import { checkDirectory } from "./directory-check.ts";
import { Shard } from "./shard.ts";

/**
 * Inspects a shard read-only, then opens it. Rejects if it cannot be opened.
 *
 *     new, or sound ──────────────────▶ a shard that serves reads and writes
 *     loss, and RocksDB can read it ──▶ a shard that serves reads
 *     loss, and nothing can be read ──▶ the loss
 */
export async function openShard(task: ServeShardTask): Promise<Shard | Loss> {
  const module = (await import(task.engine)) as EngineModule;
  const options = engineOptions(task);
  let unread: string | null = null;
  if (!task.fresh) {
    await putBackManifest(task.path);
    const inspection = await inspectShard({ path: task.path, markPath: task.markPath, module, options });
    if (inspection.kind === "loss") {
      return inspection.engine === null ? inspection.loss : new Shard(task, inspection.engine, 0, inspection.loss);
    }
    unread = await unreadLogs(task.path, task.markPath, inspection.minLogNumberToKeep);
  }
  checkDirectory(task.path);
  const engine = await module.openEngine(task.path, options);
  try {
    const shard = new Shard(task, engine, await readBatchNumber(engine), null);
    await shard.mark();
    if (unread !== null) warnOfUnreadLogs(task, unread);
    return shard;
  } catch (error) {
    await engine.close();
    throw toEngineError(error, task.path);
  }
}

function warnOfUnreadLogs({ index, path, log }: ServeShardTask, unread: string): void {
  const what = `the end of a log could not be read and is dropped: ${unread}`;
  const message = `rocksdb at ${path}: ${what}; what is lost was not synced, or the disk spoiled it`;
  log.postMessage({ level: "warn", fields: { shard: index, path, unread }, message } satisfies LogLine);
}

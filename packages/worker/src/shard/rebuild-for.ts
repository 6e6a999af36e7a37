import type { LogLevel } from "@rockspool/core";
import type { EngineModule } from "../engine/engine.ts";
import { engineOptions } from "../engine/engine-options.ts";
import type { GroupCommit } from "../lanes/group-commit.ts";
import type { ServeShardTask } from "../protocol/protocol.ts";
import type { MessageStore } from "../store/message-store.ts";
import { rebuildIndex } from "../store/rebuild-index.ts";

/** Makes a served shard's index anew from the log. Meanwhile writes wait, or are refused by the latched gate. */
export async function rebuildFor(
  task: ServeShardTask,
  store: MessageStore,
  writes: GroupCommit,
  module: EngineModule,
  log: (level: LogLevel, fields: object, message: string) => void,
): Promise<void> {
  const { index, path, spool } = task;
  const identity = { spool, shard: index };
  const options = engineOptions(task);
  const records = await writes.alone(() => rebuildIndex({ store, path, identity, module, options }));
  log("warn", { shard: index, path, records }, `rocksdb at ${path}: the index was made anew from ${records} records`);
}

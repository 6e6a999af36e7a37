import { basename, dirname } from "node:path";
import { NO_HOOKS } from "../engine/engine.ts";
import { bootId } from "../log/boot-id.ts";
import { makeLogDirectory } from "../log/log-directory.ts";
import { MessageLog } from "../log/message-log.ts";
import { closingOnError } from "./closing-on-error.ts";
import { MessageStore } from "./message-store.ts";
import type { OpenedStore, OpenStore } from "./open-store-types.ts";

/** Makes the log and the index of a shard that has not been there. */
export async function createStore(parts: OpenStore): Promise<OpenedStore> {
  const { path, logPath, markPath, identity, module, options, segmentBytes, fullSync } = parts;
  makeLogDirectory(logPath, dirname(logPath));
  const index = await module.openEngine(path, { ...options, mode: "create" });
  return closingOnError(index, async () => {
    const log = new MessageLog({
      directory: logPath,
      path,
      identity,
      epoch: 1,
      segments: [],
      nextSegment: 1,
      block: 0,
      segmentBytes,
      fullSync,
    });
    const applied = { segment: 0, offset: 0, block: 0 };
    const store = new MessageStore({
      log,
      index,
      path,
      identity,
      markPath,
      boot: bootId(),
      epoch: 1,
      holes: [],
      indexName: basename(path),
      applied,
      hooks: module.storeHooks?.(identity.shard) ?? NO_HOOKS,
    });
    await store.mark();
    return { store, loss: null, notes: [] };
  });
}

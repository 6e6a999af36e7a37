import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { EngineModule, EngineOptions } from "../engine/engine.ts";
import { APPLIED_KEY, encodeApplied } from "../engine/reserved-keys.ts";
import type { LogIdentity } from "../log/block-format.ts";
import { nextIndexName } from "./index-name.ts";
import type { MessageStore } from "./message-store.ts";
import { replay } from "./replay.ts";

export interface RebuildIndex {
  readonly store: MessageStore;
  /** The shard's directory, which is also that of its first index. */
  readonly path: string;
  readonly identity: LogIdentity;
  readonly module: EngineModule;
  readonly options: Omit<EngineOptions, "mode">;
}

/**
 * Makes the index of an open shard anew from the log, in another directory, and switches to it. The mark that names it
 * is the commit. Loads use the old index meanwhile; no batch may be written. Rejects if the log is damaged: the old
 * index stays in use, because it still knows which messages are lost.
 */
export async function rebuildIndex({ store, path, identity, module, options }: RebuildIndex): Promise<number> {
  const name = nextIndexName(basename(path), store.indexName);
  const directory = join(dirname(path), name);
  rmSync(directory, { recursive: true, force: true });
  const index = await module.openEngine(directory, { ...options, mode: "create" });
  const old = store.index;
  let records: number;
  try {
    if (!store.isSynced) await store.sync();
    const log = { segments: store.log.segments, holes: store.holes };
    const from = { segment: 0, offset: 0 };
    const replayed = await replay({ directory: store.log.directory, identity, log, from, index });
    if (replayed.damage.length > 0) throw new Error(`the message log is damaged: ${replayed.damage.join("; ")}`);
    records = replayed.records;
    await index.write((batch) => batch.put(APPLIED_KEY, encodeApplied(store.log.end.block)));
    await index.flush();
    await store.replaceIndex(index, name);
  } catch (error) {
    if (store.index === index) {
      // The new index is served, but the mark still names the old one, which must stay for the next opening.
      await old.close().catch(() => {});
    } else {
      await index.close().catch(() => {});
      rmSync(directory, { recursive: true, force: true });
    }
    throw error;
  }
  // A failed database may not close; nothing of it is needed any more.
  await old.close().catch(() => {});
  rmSync(old.path, { recursive: true, force: true });
  return records;
}

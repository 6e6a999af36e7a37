import { join } from "node:path";
import { expect } from "vitest";
import type { EngineModule } from "../src/engine/engine.ts";
import { type LogMark, readLogMark, writeLogMark } from "../src/log/log-mark.ts";
import type { MessageStore } from "../src/store/message-store.ts";
import { openStore } from "../src/store/open-store.ts";
import type { OpenedStore, StoreLoss } from "../src/store/open-store-types.ts";
import { indexEntries } from "../src/store/scan-messages.ts";
import { blockOf, type Change } from "./blocks.ts";
import { engineOptions } from "./engine-options.ts";
import { key } from "./frames.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export const IDENTITY = { spool: "0123456789abcdef", shard: 0 };

/** A shard's files in a temporary directory, opened and closed as a shard does it. */
export class TestShard {
  readonly root = temporaryDirectory();
  readonly path = join(this.root, "shard-000");
  readonly logPath = join(this.root, "shard-000-messages");
  readonly markPath = join(this.root, "shard-000.mark");
  readonly module: EngineModule;
  readonly #segmentBytes: number;
  #fresh = true;

  constructor(module: EngineModule, segmentBytes = 64 * 1024) {
    this.module = module;
    this.#segmentBytes = segmentBytes;
  }

  async open(module = this.module): Promise<OpenedStore | StoreLoss> {
    const opened = await openStore({
      path: this.path,
      logPath: this.logPath,
      markPath: this.markPath,
      identity: IDENTITY,
      fresh: this.#fresh,
      module,
      options: this.options,
      segmentBytes: this.#segmentBytes,
      fullSync: false,
      onProgress: () => {},
    });
    this.#fresh = false;
    return opened;
  }

  get options() {
    const { mode: _, ...options } = engineOptions("create");
    return options;
  }

  /** Opens a shard that has no loss. */
  async openSound(module = this.module): Promise<{ store: MessageStore; notes: readonly string[] }> {
    const opened = await this.open(module);
    if (!("store" in opened)) throw new Error(opened.reason);
    expect(opened.loss).toBeNull();
    return opened;
  }

  /** Opens a shard with a loss that still serves reads. */
  async openWithLoss(): Promise<{ store: MessageStore; loss: StoreLoss }> {
    const opened = await this.open();
    if (!("store" in opened) || opened.loss === null) throw new Error("the shard has no loss, or serves nothing");
    return { store: opened.store, loss: opened.loss };
  }

  async mark(): Promise<LogMark> {
    const mark = await readLogMark(this.markPath);
    if (mark === null) throw new Error("there is no mark");
    return mark;
  }

  async changeMark(change: Partial<LogMark>): Promise<void> {
    await writeLogMark(this.markPath, { ...(await this.mark()), ...change });
  }

  /** As after a power cut: the page cache is gone, so nothing that was not synced need be there. */
  anotherBoot(): Promise<void> {
    return this.changeMark({ boot: "another boot" });
  }
}

/** Everything is in the index's tables and in the mark (as `Shard`'s checkpoint). */
export async function checkpoint(store: MessageStore, firstSegment: number | null = null): Promise<void> {
  const position = await store.noteApplied();
  if (!store.isSynced) await store.sync();
  if (position !== null) await store.flushIndex(position);
  if (firstSegment !== null) await store.unlinkBefore(firstSegment);
}

export async function closeInOrder(store: MessageStore): Promise<void> {
  await checkpoint(store);
  await store.mark(true);
  await store.close();
}

export async function write(store: MessageStore, ...changes: readonly Change[]): Promise<void> {
  await store.write([blockOf(...changes)]);
}

/** The messages with these numbers as text; null for one that is not there, an error's message for one that cannot be read. */
export async function texts(store: MessageStore, ...ids: readonly number[]): Promise<(string | null)[]> {
  const found = await store.load(ids.map(key));
  return found.map((message) => {
    if (message === null) return null;
    return message instanceof Error ? message.message : Buffer.from(message).toString();
  });
}

export function message(id: number, data: string): Change {
  return { id, data: Buffer.from(data) };
}

/** What the index holds: for each key its place, or null. */
export async function placesIn(store: Pick<MessageStore, "index">): Promise<Map<string, object | null>> {
  const places = new Map<string, object | null>();
  for await (const entries of indexEntries(store as MessageStore)) {
    for (const { key: id, place } of entries) if (id.byteLength > 1) places.set(Buffer.from(id).toString("hex"), place);
  }
  return places;
}

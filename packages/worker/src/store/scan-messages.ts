import { setImmediate } from "node:timers/promises";
import { SpoolEngineError } from "@rockspool/core";
import { isReservedKey } from "../engine/reserved-keys.ts";
import { IndexScan } from "../index-scan/index-scan.ts";
import { UnreadableTableError } from "../index-scan/table-cursor.ts";
import { type Place, readPlace } from "../log/place.ts";
import type { MessageStore } from "./message-store.ts";

/** An index entry with its message, or the error of reading it. */
export interface StoredEntry {
  readonly key: Uint8Array;
  readonly message: Uint8Array | Error;
}

/** A batch ends at this many entries or bytes of messages. */
const MAX_BATCH_ENTRIES = 1024;
const MAX_BATCH_BYTES = 1024 * 1024;

/**
 * All messages whose key `accepts` takes, batch by batch, in the order of their keys. Finds every message that exists
 * from the beginning to the end of the scan. Memory holds one batch, or one message that is larger. A batch is empty if
 * a page of the index had no message for it, so that the caller can end the scan there.
 */
export async function* scanMessages(
  store: MessageStore,
  accepts: (key: Uint8Array) => boolean,
): AsyncGenerator<StoredEntry[]> {
  let ids: Uint8Array[] = [];
  let places: (Place | Error)[] = [];
  let bytes = 0;
  const take = async (): Promise<StoredEntry[]> => {
    const messages = await store.messagesAt(ids, places);
    const entries = ids.flatMap((key, i) => {
      const message = messages[i];
      // Null: removed since its entry was read.
      return message === null || message === undefined ? [] : [{ key, message }];
    });
    ids = [];
    places = [];
    bytes = 0;
    return entries;
  };
  for await (const entries of indexEntries(store)) {
    for (const { key, place } of entries) {
      if (isReservedKey(key) || !accepts(key)) continue;
      ids.push(key);
      places.push(place ?? noPlace(store));
      bytes += place?.length ?? 0;
      if (ids.length >= MAX_BATCH_ENTRIES || bytes >= MAX_BATCH_BYTES) yield await take();
    }
    yield [];
  }
  if (ids.length > 0) yield await take();
}

/** The error of an entry whose value is not a place. */
export function noPlace({ path }: Pick<MessageStore, "path">): SpoolEngineError {
  return new SpoolEngineError("an entry of the index is no place", { kind: "corruption", path });
}

export interface IndexEntry {
  readonly key: Uint8Array;
  /** Null if the value is not a place. */
  readonly place: Place | null;
}

const PAGE_ENTRIES = 256;

/**
 * All entries of the index, including reserved keys, in pages. If the index is rebuilt meanwhile and the old one
 * closed, the entries behind the last page come from the new one.
 */
export async function* indexEntries(store: Pick<MessageStore, "index">): AsyncGenerator<IndexEntry[]> {
  let last: Uint8Array | null = null;
  for (;;) {
    const { index } = store;
    try {
      for await (const entries of entriesOf(index, last)) {
        last = entries.at(-1)?.key ?? last;
        yield entries;
      }
      return;
    } catch (error) {
      if (store.index === index) throw error;
    }
  }
}

/** The entries behind `after`. */
async function* entriesOf(index: MessageStore["index"], after: Uint8Array | null): AsyncGenerator<IndexEntry[]> {
  const scan = after === null ? await openScan(index) : null;
  if (scan === null) {
    yield* pagesOf(index, after);
    return;
  }
  let last: Uint8Array | null = null;
  try {
    for (;;) {
      const entries: IndexEntry[] = [];
      while (entries.length < PAGE_ENTRIES && scan.next()) {
        const { key, userKeyBytes, bytes, valueAt, valueBytes } = scan.entry;
        entries.push({
          key: Uint8Array.prototype.slice.call(key, 0, userKeyBytes),
          place: readPlace(bytes.subarray(valueAt, valueAt + valueBytes)),
        });
      }
      if (entries.length === 0) return;
      last = (entries.at(-1) as IndexEntry).key;
      yield entries;
      // Reading is synchronous: waiting frames are served after each page.
      await setImmediate();
    }
  } catch (error) {
    // RocksDB may be able to read the table: its iterator continues behind the last entry.
    if (!(error instanceof UnreadableTableError)) throw error;
    yield* pagesOf(index, last);
  } finally {
    scan.close();
  }
}

/** Null if the index has no tables, or none that the scan can read. */
async function openScan(index: MessageStore["index"]): Promise<IndexScan | null> {
  if ((await index.tables()) === null) return null;
  try {
    await index.flush();
  } catch {
    // Its directory may be missing: the iterator reads the memtables and the open files.
    return null;
  }
  try {
    return await IndexScan.open(index.path, async () => (await index.tables()) ?? "");
  } catch (error) {
    if (error instanceof UnreadableTableError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function* pagesOf(index: MessageStore["index"], from: Uint8Array | null): AsyncGenerator<IndexEntry[]> {
  for (let after = from; ; ) {
    const page = await index.page(after, PAGE_ENTRIES);
    yield page.map(({ key, value }) => ({ key: Uint8Array.from(key), place: readPlace(value) }));
    if (page.length < PAGE_ENTRIES) return;
    after = Uint8Array.from((page.at(-1) as { key: Uint8Array }).key);
  }
}

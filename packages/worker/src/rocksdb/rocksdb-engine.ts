import { once } from "node:events";
import { accessSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import RocksDB, { type ReadBatch, type WriteBatch } from "rocksdb-native";
import type { Batch, Engine, EngineEntry, EngineOptions } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { MAX_MEMTABLES } from "../engine/engine-options.ts";
import { CURRENT, manifestNamedBy, tableName } from "../files/file-names.ts";
import { removeOldInfoLogs } from "./info-logs.ts";
import { guardNativeCalls } from "./native-calls.ts";

/** The adapter to rocksdb-native (RocksDB 10.5). */

/** Initial capacity of a native batch, in records. It doubles when it is full. */
const BATCH_CAPACITY = 1024;

const requireHere = createRequire(import.meta.url);
// The object that rocksdb-native calls the addon through: it looks up the functions in it at each call.
guardNativeCalls(createRequire(requireHere.resolve("rocksdb-native"))("./binding.js"));

export async function openEngine(path: string, options: EngineOptions): Promise<Engine> {
  if (options.mode === "existing") mustBeThere(path);
  const db = new RocksDB(path, {
    createIfMissing: options.mode === "create",
    maxWriteBufferNumber: MAX_MEMTABLES,
    ...(options.maxBackgroundJobs !== null && { maxBackgroundJobs: options.maxBackgroundJobs }),
    ...(options.maxOpenFiles !== null && { maxOpenFiles: options.maxOpenFiles }),
    ...(options.writeBufferSize !== null && { writeBufferSize: options.writeBufferSize }),
  });
  try {
    await db.ready();
  } catch (error) {
    throw toEngineError(error, path);
  }
  removeOldInfoLogs(path);
  return new RocksEngine(path, db);
}

/** Checked first: RocksDB creates the directory, LOCK and LOG before it notices that there is no database to open. */
function mustBeThere(path: string): void {
  try {
    accessSync(join(path, CURRENT));
  } catch (error) {
    throw toEngineError(error, path);
  }
}

/** A live table in the property `rocksdb.sstables`: number, size, then its range. */
const LIVE_TABLE = /^\s*(\d+):\d+\[/gm;

class RocksEngine implements Engine {
  readonly path: string;
  readonly #db: RocksDB;
  // Reused for the engine's lifetime: a new batch for each write would cost a native allocation.
  readonly #writeBatch: WriteBatch;
  readonly #readBatch: ReadBatch;
  readonly #batch: Batch;
  /** The multi-get that has the read batch; another one waits for it. */
  #reading: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(path: string, db: RocksDB) {
    this.path = path;
    this.#db = db;
    const writeBatch = db.write({ capacity: BATCH_CAPACITY });
    this.#writeBatch = writeBatch;
    this.#readBatch = db.read({ capacity: BATCH_CAPACITY });
    this.#batch = {
      put: (key, value) => writeBatch.tryPut(key, value),
      remove: (key) => writeBatch.tryDelete(key),
    };
  }

  async write(fill: (batch: Batch) => void): Promise<void> {
    fill(this.#batch);
    await this.#guard(this.#writeBatch.flush());
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    try {
      return await this.#db.get(key);
    } catch (error) {
      throw toEngineError(error, this.path);
    }
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    const read = this.#reading.then(() => this.#getMany(keys));
    this.#reading = read;
    return read;
  }

  async #getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    const values = keys.map((key) => this.#readBatch.get(key));
    const flushed = this.#readBatch.flush();
    try {
      const [found] = await Promise.all([Promise.all(values), flushed]);
      return found;
    } catch {
      // Some key failed; its own promise says which. The batch may be reused only after all its promises have settled.
      const [each] = await Promise.all([Promise.allSettled(values), flushed.catch(() => {})]);
      return each.map((one) => (one.status === "fulfilled" ? one.value : toEngineError(one.reason, this.path)));
    }
  }

  async page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]> {
    const entries: EngineEntry[] = [];
    // The first native read does not fill a capacity above the limit, so no second one follows.
    const iterator = this.#db.iterator(after === null ? {} : { gt: after }, { capacity: limit + 1, limit });
    try {
      // Events, because `for await` creates a promise per entry, a seventh of the page's cost.
      iterator.on("data", (entry) => entries.push(entry));
      let ended = false;
      iterator.on("end", () => {
        ended = true;
      });
      await once(iterator, "close");
      // An iterator destroyed early emits no error. Its short page would look like the last page.
      if (!ended) throw new Error("an iterator was closed before its end");
    } catch (error) {
      throw toEngineError(error, this.path);
    }
    return entries;
  }

  async property(name: string): Promise<number> {
    return Number((await this.#db.getProperty(`rocksdb.${name}`)) ?? 0);
  }

  async tables(): Promise<string | null> {
    return (await this.#db.getProperty("rocksdb.sstables")) ?? null;
  }

  async missingFiles(): Promise<string[]> {
    const first = await this.#missing();
    if (first.length === 0) return [];
    // A table may have been compacted away since the property was read.
    const second = new Set(await this.#missing());
    return first.filter((name) => second.has(name));
  }

  async #missing(): Promise<string[]> {
    const tables = [...((await this.tables()) ?? "").matchAll(LIVE_TABLE)].map(([, number]) =>
      tableName(Number(number)),
    );
    try {
      const there = new Set(await readdir(this.path));
      const manifest = there.has(CURRENT) ? manifestNamedBy(await readFile(join(this.path, CURRENT), "latin1")) : null;
      const missing = tables.filter((name) => !there.has(name));
      if (manifest === null || !there.has(manifest)) missing.unshift(manifest ?? CURRENT);
      return missing;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return [CURRENT, ...tables];
      throw toEngineError(error, this.path);
    }
  }

  async flush(): Promise<void> {
    await this.#guard(this.#db.flush());
  }

  async compact(): Promise<void> {
    const { FORCE } = RocksDB.constants.bottommostLevelCompaction;
    await this.#guard(this.#db.compact({ exclusive: true, bottommostLevelCompaction: FORCE }));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // close() never returns while a batch is not destroyed.
    await this.#reading.catch(() => {});
    this.#writeBatch.destroy();
    this.#readBatch.destroy();
    await this.#guard(this.#db.close());
  }

  async #guard<T>(work: Promise<T> | undefined): Promise<void> {
    try {
      await work;
    } catch (error) {
      throw toEngineError(error, this.path);
    }
  }
}

import { once } from "node:events";
import { accessSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import RocksDB, { type ReadBatch, type WriteBatch } from "rocksdb-native";
import type { Batch, Engine, EngineEntry, EngineOptions } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { MAX_MEMTABLES } from "../engine/engine-options.ts";
import { CURRENT } from "../files/file-names.ts";
import { currentManifest } from "../recovery/evidence.ts";
import { removeOldInfoLogs } from "./info-logs.ts";
import { guardNativeCalls } from "./native-calls.ts";
import { RocksFiles } from "./rocksdb-files.ts";
import { WalSync } from "./wal-sync.ts";

/** The adapter to rocksdb-native (RocksDB 10.5). */

/** Initial capacity of a native batch, in records. It doubles when it is full. */
const BATCH_CAPACITY = 1024;

const requireHere = createRequire(import.meta.url);
// The object that rocksdb-native calls the addon through: it looks up the functions in it at each call.
guardNativeCalls(createRequire(requireHere.resolve("rocksdb-native"))("./binding.js"));

export async function openEngine(path: string, options: EngineOptions): Promise<Engine> {
  const readOnly = options.mode === "read-only";
  if (options.mode === "existing") mustBeThere(path);
  const db = new RocksDB(path, {
    readOnly,
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
  if (readOnly) return new RocksEngine(path, db, null, "");
  removeOldInfoLogs(path);
  const engine = new RocksEngine(path, db, new WalSync(path, options.fullSync), await currentManifest(path));
  await engine.noteLogs();
  return engine;
}

/** Checked first: RocksDB creates the directory, LOCK and LOG before it notices that there is no database to open. */
function mustBeThere(path: string): void {
  try {
    accessSync(join(path, CURRENT));
  } catch (error) {
    throw toEngineError(error, path);
  }
}

class RocksEngine implements Engine {
  readonly files: RocksFiles | null;
  readonly #path: string;
  readonly #db: RocksDB;
  /** Null if the shard is open read-only: there is nothing to sync. */
  readonly #wal: WalSync | null;
  // Reused for the engine's lifetime: a new batch for each write would cost a native allocation.
  readonly #writeBatch: WriteBatch | null;
  readonly #readBatch: ReadBatch;
  readonly #batch: Batch;
  #superVersion = -1;
  #closed: Promise<void> | null = null;

  constructor(path: string, db: RocksDB, wal: WalSync | null, manifest: string) {
    this.files = wal && new RocksFiles(path, db, wal, manifest, () => this.compact());
    this.#path = path;
    this.#db = db;
    this.#wal = wal;
    const writeBatch = wal === null ? null : db.write({ capacity: BATCH_CAPACITY });
    this.#writeBatch = writeBatch;
    this.#readBatch = db.read({ capacity: BATCH_CAPACITY });
    this.#batch = {
      put: (key, value) => writeBatch?.tryPut(key, value),
      remove: (key) => writeBatch?.tryDelete(key),
    };
  }

  async write(fill: (batch: Batch) => void): Promise<void> {
    if (this.#writeBatch === null) throw toEngineError(new Error("the shard is open read-only"), this.#path);
    fill(this.#batch);
    await this.#guard(this.#writeBatch.flush());
    await this.noteLogs();
  }

  async sync(): Promise<void> {
    await this.noteLogs();
    await this.#guard(this.#wal?.sync());
  }

  /**
   * A new log comes with a new memtable, and so with a new super version. Its number takes 1.5 µs to read, a directory
   * listing 12 µs.
   */
  async noteLogs(): Promise<void> {
    const superVersion = await this.property("current-super-version-number");
    if (superVersion === this.#superVersion) return;
    await this.#guard(this.#wal?.refresh(() => this.property("min-log-number-to-keep")));
    this.#superVersion = superVersion;
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    try {
      return await this.#db.get(key);
    } catch (error) {
      throw toEngineError(error, this.#path);
    }
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    const values = keys.map((key) => this.#readBatch.get(key));
    const flushed = this.#readBatch.flush();
    try {
      const [found] = await Promise.all([Promise.all(values), flushed]);
      return found;
    } catch {
      // Some key failed; its own promise says which. The batch may be reused only after all its promises have settled.
      const [each] = await Promise.all([Promise.allSettled(values), flushed.catch(() => {})]);
      return each.map((one) => (one.status === "fulfilled" ? one.value : toEngineError(one.reason, this.#path)));
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
      throw toEngineError(error, this.#path);
    }
    return entries;
  }

  async property(name: string): Promise<number> {
    return Number((await this.#db.getProperty(`rocksdb.${name}`)) ?? 0);
  }

  async flush(): Promise<void> {
    await this.#guard(this.#db.flush());
    await this.noteLogs();
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
    this.#writeBatch?.destroy();
    this.#readBatch.destroy();
    try {
      await (this.files === null ? this.#guard(this.#db.close()) : this.files.closeDatabase());
    } finally {
      this.#wal?.close();
    }
  }

  async #guard<T>(work: Promise<T> | undefined): Promise<void> {
    try {
      await work;
    } catch (error) {
      throw toEngineError(error, this.#path);
    }
  }
}

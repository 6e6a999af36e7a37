import { once } from "node:events";
import { accessSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import RocksDB, { type ReadBatch, type WriteBatch } from "rocksdb-native";
import type { Batch, Engine, EngineEntry, EngineOptions } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { CURRENT, logName } from "../files/file-names.ts";
import { mustHaveManifest, withoutDamagedManifest } from "../healing/damaged-manifest.ts";
import {
  latestManifest,
  type Manifest,
  makeDirectory,
  missingFiles,
  tableNames,
  writeCurrent,
} from "../healing/live-files.ts";
import { MAX_MEMTABLES } from "../lanes/stall-check.ts";
import { currentManifest, type Evidence, type LogBytes, manifestEvidence } from "../recovery/evidence.ts";
import { removeOldInfoLogs } from "./info-logs.ts";
import { guardNativeCalls } from "./native-calls.ts";
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
  readonly #path: string;
  readonly #db: RocksDB;
  /** Null if the shard is open read-only: there is nothing to sync. */
  readonly #wal: WalSync | null;
  // Reused for the engine's lifetime: a new batch for each write would cost a native allocation.
  readonly #writeBatch: WriteBatch | null;
  readonly #readBatch: ReadBatch;
  readonly #batch: Batch;
  #superVersion = -1;
  /** The MANIFEST that RocksDB was last found to write to. */
  #manifest: Manifest;
  #closed: Promise<void> | null = null;

  constructor(path: string, db: RocksDB, wal: WalSync | null, manifest: string) {
    this.#manifest = { name: manifest, bytes: 0 };
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
    const superVersion = await this.figure("current-super-version-number");
    if (superVersion === this.#superVersion) return;
    await this.#guard(this.#wal?.refresh(() => this.figure("min-log-number-to-keep")));
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

  async figure(property: string): Promise<number> {
    return Number((await this.#db.getProperty(`rocksdb.${property}`)) ?? 0);
  }

  async flush(): Promise<void> {
    await this.#guard(this.#db.flush());
    await this.noteLogs();
  }

  async compact(): Promise<void> {
    const { FORCE } = RocksDB.constants.bottommostLevelCompaction;
    await this.#guard(this.#db.compact({ exclusive: true, bottommostLevelCompaction: FORCE }));
  }

  async missingFiles(): Promise<string[]> {
    const names = async (): Promise<string[]> => {
      await this.#noteManifest();
      const keep = await this.figure("min-log-number-to-keep");
      const logs = (this.#wal?.live ?? []).filter((number) => number >= keep).map(logName);
      const tables = tableNames((await this.#db.getProperty("rocksdb.sstables")) ?? "");
      return ["CURRENT", this.#manifest.name, ...logs, ...tables];
    };
    try {
      return this.#wal === null ? [] : await missingFiles(this.#path, { names, manifest: () => this.#manifest });
    } catch (error) {
      throw toEngineError(error, this.#path);
    }
  }

  async #noteManifest(): Promise<void> {
    this.#manifest = await latestManifest(this.#path, this.#manifest);
  }

  /** Tables from the descriptors that RocksDB has on them, or through it, by a full compaction; a flush makes logs superfluous. */
  async restore(missing: readonly string[]): Promise<void> {
    const ofKind = (ending: string): string[] => missing.filter((name) => name.endsWith(ending));
    const tables = ofKind(".sst");
    await this.#guard(makeDirectory(this.#path));
    if (tables.length > 0) await this.#guard(this.#wal?.restoreTables(tables));
    if (missing.includes("CURRENT")) await this.#guard(writeCurrent(this.#path, this.#manifest.name));
    if (ofKind(".log").length > 0) await this.#guard(this.#db.flush());
    const left = new Set(await this.missingFiles());
    if (tables.some((name) => left.has(name))) await this.compact();
  }

  get logs(): readonly LogBytes[] {
    return this.#wal?.evidence ?? [];
  }

  async evidence(): Promise<Evidence | null> {
    if (this.#wal === null) return null;
    try {
      const manifest = await manifestEvidence(this.#path);
      this.#manifest = manifest;
      return { manifest, logs: this.logs };
    } catch (error) {
      throw toEngineError(error, this.#path);
    }
  }

  close(isSpoolGone = false): Promise<void> {
    this.#closed ??= this.#close(isSpoolGone);
    return this.#closed;
  }

  async #close(isSpoolGone: boolean): Promise<void> {
    // close() never returns while a batch is not destroyed.
    this.#writeBatch?.destroy();
    this.#readBatch.destroy();
    const keep = await this.figure("min-log-number-to-keep");
    await this.#noteManifest().catch(() => {});
    try {
      const closeDatabase = (): Promise<void> => this.#db.close();
      if (this.#wal === null || isSpoolGone) await this.#guard(closeDatabase());
      else {
        await this.#guard(withoutDamagedManifest(this.#path, this.#manifest, closeDatabase));
        await this.#guard(this.#wal.restoreRemoved(keep));
        await this.#guard(mustHaveManifest(this.#path));
      }
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

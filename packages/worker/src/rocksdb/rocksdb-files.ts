import type RocksDB from "rocksdb-native";
import { toEngineError } from "../engine/engine-error.ts";
import type { EngineFiles, Evidence, LogBytes } from "../engine/engine-files.ts";
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
import { manifestEvidence } from "../recovery/evidence.ts";
import type { WalSync } from "./wal-sync.ts";

/** The files of a RocksDB that is open for writing. */
export class RocksFiles implements EngineFiles {
  readonly #path: string;
  readonly #db: RocksDB;
  readonly #wal: WalSync;
  readonly #compact: () => Promise<void>;
  /** The MANIFEST that RocksDB was last found to write to. */
  #manifest: Manifest;
  #restores = true;

  constructor(path: string, db: RocksDB, wal: WalSync, manifest: string, compact: () => Promise<void>) {
    this.#path = path;
    this.#db = db;
    this.#wal = wal;
    this.#manifest = { name: manifest, bytes: 0 };
    this.#compact = compact;
  }

  get logs(): readonly LogBytes[] {
    return this.#wal.evidence;
  }

  async evidence(): Promise<Evidence> {
    return this.#guard(async () => {
      const manifest = await manifestEvidence(this.#path);
      this.#manifest = manifest;
      return { manifest, logs: this.logs };
    });
  }

  async missingFiles(): Promise<string[]> {
    const names = async (): Promise<string[]> => {
      await this.#noteManifest();
      const keep = await this.#minLogNumberToKeep();
      const logs = this.#wal.live.filter((number) => number >= keep).map(logName);
      const tables = tableNames((await this.#db.getProperty("rocksdb.sstables")) ?? "");
      return [CURRENT, this.#manifest.name, ...logs, ...tables];
    };
    return this.#guard(() => missingFiles(this.#path, { names, manifest: () => this.#manifest }));
  }

  /**
   * Tables from the descriptors that RocksDB has on them, or through it, by a full compaction; a flush makes logs
   * superfluous.
   */
  async restore(missing: readonly string[]): Promise<void> {
    const ofKind = (ending: string): string[] => missing.filter((name) => name.endsWith(ending));
    const tables = ofKind(".sst");
    await this.#guard(() => makeDirectory(this.#path));
    if (tables.length > 0) await this.#guard(() => this.#wal.restoreTables(tables));
    if (missing.includes(CURRENT)) await this.#guard(() => writeCurrent(this.#path, this.#manifest.name));
    if (ofKind(".log").length > 0) await this.#guard(() => this.#db.flush());
    const left = new Set(await this.missingFiles());
    if (tables.some((name) => left.has(name))) await this.#compact();
  }

  stopRestoring(): void {
    this.#restores = false;
  }

  /** Closes the database, and writes missing files anew unless `stopRestoring` was called. */
  async closeDatabase(): Promise<void> {
    const keep = await this.#minLogNumberToKeep();
    await this.#noteManifest().catch(() => {});
    const close = (): Promise<void> => this.#db.close();
    if (!this.#restores) return this.#guard(close);
    await this.#guard(() => withoutDamagedManifest(this.#path, this.#manifest, close));
    await this.#guard(() => this.#wal.restoreRemoved(keep));
    await this.#guard(() => mustHaveManifest(this.#path));
  }

  /** RocksDB's own: logs below it are flushed. */
  async #minLogNumberToKeep(): Promise<number> {
    return Number((await this.#db.getProperty("rocksdb.min-log-number-to-keep")) ?? 0);
  }

  async #noteManifest(): Promise<void> {
    this.#manifest = await latestManifest(this.#path, this.#manifest);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toEngineError(error, this.#path);
    }
  }
}

import type { Evidence, LogBytes } from "../recovery/evidence.ts";

/**
 * The port to what keeps a shard: a sorted map of bytes with atomic batches and a log. Values are what the value codec made.
 * All errors are `SpoolEngineError`s, or `SpoolLockedError` from opening.
 */
export interface Engine {
  /**
   * One atomic batch; resolves when the operating system has it. At most one at a time: `fill` may hand out views of buffers
   * that are left alone until then. A rejected batch may still be found after a crash.
   */
  write(fill: (batch: Batch) => void): Promise<void>;
  /** Resolves when every batch that had been written before the call is on the disk. One at a time. A failure is final. */
  sync(): Promise<void>;
  /** One value, or null; beside whatever else is under way. */
  get(key: Uint8Array): Promise<Uint8Array | null>;
  /** A value, null where the key is absent, or the error that this one key met. One call at a time. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]>;
  /** Up to `limit` entries in the order of keys, behind `after` (null: from the start). Fewer than `limit`: the end. */
  page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]>;
  /** One of RocksDB's integer properties, without the `rocksdb.` before it; 0 where there is none (`property_u64` in rocks.rs). */
  figure(property: string): Promise<number>;
  /** Writes what is in memory to tables on the disk. */
  flush(): Promise<void>;
  /** Rewrites everything, the bottommost level too, and waits for it. */
  compact(): Promise<void>;
  /** Files that the shard needs and that are not in its directory any more. */
  missingFiles(): Promise<string[]>;
  /** Writes missing files anew, as far as their content is still at hand: the first that cannot be written ends it. */
  restore(missing: readonly string[]): Promise<void>;
  /** The live logs, and how much of each is known to be on the disk. */
  readonly logs: readonly LogBytes[];
  /** What lies on the disk now, to be found again at the next open; null where an engine has nothing to show. */
  evidence(): Promise<Evidence | null>;
  /**
   * Writes files that are still missing anew where that can be done only now, and rejects where the shard cannot be opened again. Neither
   * where the spool is gone (default false): somebody removes it.
   */
  close(isSpoolGone?: boolean): Promise<void>;
}

export interface Batch {
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
}

export interface EngineEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface EngineOptions {
  /** `create`: a new shard. `existing`: it must be there. `read-only`: no file is changed and no lock taken. */
  readonly mode: "create" | "existing" | "read-only";
  /** `fsync` instead of `fdatasync` (the seed's `set_use_fsync(flush)`). */
  readonly fullSync: boolean;
  readonly maxBackgroundJobs: number | null;
  readonly maxOpenFiles: number | null;
  /** Bytes. */
  readonly writeBufferSize: number | null;
}

/** What an engine's module exports. */
export interface EngineModule {
  openEngine(path: string, options: EngineOptions): Promise<Engine>;
}

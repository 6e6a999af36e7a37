/**
 * The index of a shard: a sorted map of bytes with atomic batches. An entry's key is an id, its value a place in the
 * message log. Every error is a `SpoolEngineError`; opening may also reject with a `SpoolLockedError`.
 */
export interface Engine {
  /** The index's directory. */
  readonly path: string;
  /**
   * Writes one atomic batch. One call at a time. `fill` may pass views of buffers that stay unchanged until it
   * resolves. After a rejection the batch may be there after the next opening.
   */
  write(fill: (batch: Batch) => void): Promise<void>;
  /** One value; null for an absent key. May run beside any other call. */
  get(key: Uint8Array): Promise<Uint8Array | null>;
  /** For each key its value, null where it is absent, or the error of this key alone. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]>;
  /**
   * Up to `limit` entries in key order, after the key `after` (null: from the start). Fewer than `limit` means the end.
   */
  page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]>;
  /** An integer property of RocksDB, named without `rocksdb.`; 0 where there is none (`property_u64` in rocks.rs). */
  property(name: string): Promise<number>;
  /** RocksDB's property `rocksdb.sstables`, which lists the live tables; null for an engine that has none. */
  tables(): Promise<string | null>;
  /** Writes the memtables to tables on the disk. */
  flush(): Promise<void>;
  /** Rewrites all tables, the bottommost level too; resolves when it is done. */
  compact(): Promise<void>;
  /** Files that the next opening needs and that are missing from the directory. */
  missingFiles(): Promise<string[]>;
  close(): Promise<void>;
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
  /** `create`: a new index. `existing`: the index must exist. */
  readonly mode: "create" | "existing";
  readonly maxBackgroundJobs: number | null;
  readonly maxOpenFiles: number | null;
  /** Bytes. */
  readonly writeBufferSize: number | null;
}

/** Calls that a test can have fail, stall or end the thread: the message store does each of these within `around`. */
export type StoreCall = "write" | "sync" | "read";

export interface StoreHooks {
  around<T>(call: StoreCall, work: () => Promise<T>): Promise<T>;
}

export const NO_HOOKS: StoreHooks = { around: (_call, work) => work() };

/** What an engine's module exports. */
export interface EngineModule {
  openEngine(path: string, options: EngineOptions): Promise<Engine>;
  /** `shard`: its index in the spool. Absent in all engines but the one for tests. */
  storeHooks?(shard: number): StoreHooks;
}

import type { EngineFiles } from "./engine-files.ts";

/**
 * A shard's storage: a sorted map of bytes with atomic batches and a log. Values are what `ValueCodec` makes.
 * Every error is a `SpoolEngineError`; opening may also reject with a `SpoolLockedError`.
 */
export interface Engine {
  /**
   * Writes one atomic batch; resolves when the operating system has it. One call at a time. `fill` may pass views of
   * buffers that stay unchanged until then. After a rejection the batch may still appear after a crash.
   */
  write(fill: (batch: Batch) => void): Promise<void>;
  /** Resolves when every batch written before the call is on the disk. One call at a time. A failure is final. */
  sync(): Promise<void>;
  /** One value; null for an absent key. May run beside any other call. */
  get(key: Uint8Array): Promise<Uint8Array | null>;
  /** For each key its value, null where it is absent, or the error of this key alone. One call at a time. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]>;
  /**
   * Up to `limit` entries in key order, after the key `after` (null: from the start). Fewer than `limit` means the end.
   */
  page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]>;
  /** An integer property of RocksDB, named without `rocksdb.`; 0 where there is none (`property_u64` in rocks.rs). */
  property(name: string): Promise<number>;
  /** Writes the memtables to tables on the disk. */
  flush(): Promise<void>;
  /** Rewrites all tables, the bottommost level too; resolves when it is done. */
  compact(): Promise<void>;
  /**
   * Closes the shard. Restores missing files that only closing can restore, and rejects if the shard could not be
   * opened again.
   */
  close(): Promise<void>;
  /** Null where the engine has no files of RocksDB that it writes to: in memory, or open read-only. */
  readonly files: EngineFiles | null;
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
  /** `create`: a new shard. `existing`: the shard must exist. `read-only`: no file is changed and no lock taken. */
  readonly mode: "create" | "existing" | "read-only";
  /** `fsync` instead of `fdatasync` (KumoMTA's `set_use_fsync(flush)`). */
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

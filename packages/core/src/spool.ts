import type { SpoolError } from "./errors.ts";
import type { SpoolId } from "./spool-id.ts";

/** Functions accept a `SpoolId` or its text: 32 hex digits, with or without dashes. */
export type SpoolIdLike = SpoolId | string;

/** Where a stored message is: on the disk, or with the operating system. Both survive a crash of the process. */
export type Reached = "synced" | "written";

export interface OperationOptions {
  /** Aborting rejects the operation with the signal's reason. A write that a shard has may still take effect. */
  signal?: AbortSignal | undefined;
}

export interface StoreOptions extends OperationOptions {
  /** Resolve only once the message is synced to the disk. Default: the option `flush`, which it cannot turn off. */
  forceSync?: boolean | undefined;
  /** When to give up: epoch milliseconds or a `Date`. Applies if earlier than `params.storeDeadline`. Default: none. */
  deadline?: number | Date | undefined;
}

export interface EnumerateOptions extends OperationOptions {
  /** Only messages whose id was made before this time. Default: the time of the call. */
  createdBefore?: Date | undefined;
}

/** What `enumerate` yields. A corrupt entry's `key` is in hex; its `id` is null if the key is not an id. */
export type SpoolEntry =
  | { readonly kind: "item"; readonly id: SpoolId; readonly data: Uint8Array }
  | { readonly kind: "corrupt"; readonly id: SpoolId | null; readonly key: string; readonly error: SpoolError };

/** The state of a shard. `down`: it cannot be opened. `read-only`: data is missing, and writes would hide the loss. */
export type ShardState = "opening" | "open" | "read-only" | "down" | "restarting" | "closed";

/** A change of a shard's gate. */
export interface ShardTransition {
  readonly at: Date;
  /** True if the gate latched, false if it opened. */
  readonly latched: boolean;
  readonly reason: string;
}

export interface ShardHealth {
  readonly index: number;
  /** The shard's directory. */
  readonly path: string;
  readonly state: ShardState;
  /** While the gate is latched, stores and removes are refused. */
  readonly latched: boolean;
  /** Why the gate is latched, or why the shard is down or read-only. Null if neither applies. */
  readonly reason: string | null;
  /** When the gate latched; null while it is open. */
  readonly since: Date | null;
  /** Errors of operations since the gate last opened. */
  readonly foregroundErrors: number;
  /** RocksDB's count of background errors, such as failed flushes. */
  readonly backgroundErrors: number;
  /** How often the shard's thread died and was started again. */
  readonly restarts: number;
  /**
   * The first and the last number of the synced blocks of which all or some are missing. Null if none is missing, or
   * if it is not known which.
   */
  readonly missingBatches: { readonly from: number; readonly to: number } | null;
  /** The latest changes of the gate, oldest first. */
  readonly history: readonly ShardTransition[];
}

/**
 * A durable message spool. Independent of the storage engine: every implementation passes the same contract suite.
 *
 * Every promise settles exactly once, also if a thread dies. The `outcome` of a write's error tells whether the write
 * can still take effect.
 */
export interface Spool extends AsyncDisposable {
  /** A new id that belongs to a shard that accepts writes, if there is one. */
  newId(): SpoolId;
  /**
   * Stores `data` under `id` and replaces an earlier message. Do not change `data` until the promise settles. Rejects
   * with a `SpoolError` that has an `outcome`.
   */
  store(id: SpoolIdLike, data: Uint8Array, options?: StoreOptions): Promise<Reached>;
  /** Resolves to a copy of the message. Rejects with a `SpoolNotFoundError` or a `SpoolEngineError`. */
  load(id: SpoolIdLike, options?: OperationOptions): Promise<Uint8Array>;
  /** Removes `id`; a missing id is no error. Rejects as `store` does. */
  remove(id: SpoolIdLike, options?: OperationOptions): Promise<void>;
  /**
   * Yields all messages in no particular order. If a shard fails, the others are finished first; then an error names
   * the shard.
   */
  enumerate(options?: EnumerateOptions): AsyncIterableIterator<SpoolEntry>;
  /** Gives back the space of removed messages: cleans the logs, compacts the indexes. Rejects if any shard failed. */
  compact(options?: OperationOptions): Promise<void>;
  /** Flushes memtables to free memory. Resolves to the number of bytes saved, which may be negative. */
  adviseLowMemory(options?: OperationOptions): Promise<number>;
  /** Does nothing: it is here because this interface follows KumoMTA's. */
  cleanup(options?: OperationOptions): Promise<void>;
  /**
   * Why writes are refused; null while they are accepted. Call it for each message: no I/O, no await, no allocation.
   */
  unhealthyReason(): string | null;
  /** The health of each shard, by its index. Has no side effect. */
  health(): ShardHealth[];
  /**
   * Refuses new operations, settles every pending one, flushes and closes. Idempotent. Rejects if a shard could not
   * flush or did not answer in time; neither loses an acknowledged write.
   */
  shutdown(): Promise<void>;
}

import type { SpoolError } from "./errors.ts";
import type { SpoolId } from "./spool-id.ts";

/** Functions take a `SpoolId` or its text (32 hex digits, with or without dashes). */
export type SpoolIdLike = SpoolId | string;

/** What a message has reached when `store` resolves: the disk, or the operating system (a crash of the process loses neither). */
export type Reached = "synced" | "written";

export interface OperationOptions {
  /** Aborting it rejects the operation with the signal's reason; a write that is on its way by then may still happen. */
  signal?: AbortSignal | undefined;
}

export interface StoreOptions extends OperationOptions {
  /** Resolve only when the message is on the disk (WAL sync). Default: false, or what `flush` says for the whole spool. */
  forceSync?: boolean | undefined;
  /** When to give up, as epoch milliseconds or a `Date`; the nearer of it and `params.storeDeadline` counts. Default: none. */
  deadline?: number | Date | undefined;
}

export interface EnumerateOptions extends OperationOptions {
  /** Only messages whose id was made before this moment. Default: when `enumerate` is called. */
  createdBefore?: Date | undefined;
}

/** One thing that `enumerate` finds. A corrupt entry's `id` is null where its key is not an id; `key` is the key in hex. */
export type SpoolEntry =
  | { readonly kind: "item"; readonly id: SpoolId; readonly data: Uint8Array }
  | { readonly kind: "corrupt"; readonly id: SpoolId | null; readonly key: string; readonly error: SpoolError };

/** The life of a shard. `read-only`: opened as it was found, because writing would hide a loss. `down`: could not be opened. */
export type ShardState = "opening" | "open" | "read-only" | "down" | "restarting" | "closed";

/** A transition of a shard's gate. */
export interface ShardTransition {
  readonly at: Date;
  readonly latched: boolean;
  readonly reason: string;
}

export interface ShardHealth {
  readonly index: number;
  /** The shard's directory. */
  readonly path: string;
  readonly state: ShardState;
  readonly latched: boolean;
  /** Why it is latched, or why it is not open; null while all is well. */
  readonly reason: string | null;
  /** Since when it is latched. */
  readonly since: Date | null;
  readonly foregroundErrors: number;
  readonly backgroundErrors: number;
  /** How often its thread died and was served again. */
  readonly restarts: number;
  /**
   * Batches that were known to be on the disk, of which all or some are not there any more: the first and the last number; null for
   * none, and where they cannot be told.
   */
  readonly missingBatches: { readonly from: number; readonly to: number } | null;
  /** The last transitions, oldest first. */
  readonly history: readonly ShardTransition[];
}

/**
 * A durable message spool. Nothing here speaks of how messages are kept: every implementation passes the same contract suite.
 *
 * Every promise settles exactly once, whatever dies. A write's error says in `outcome` whether the write can still appear.
 */
export interface Spool extends AsyncDisposable {
  /** A fresh id that lands where writes are accepted. */
  newId(): SpoolId;
  /**
   * Stores `data` under `id`, replacing what it held. The caller leaves `data` alone until the promise settles.
   * Rejects with a `SpoolError` that carries `outcome`.
   */
  store(id: SpoolIdLike, data: Uint8Array, options?: StoreOptions): Promise<Reached>;
  /** The bytes of `id`, the caller's own copy. Rejects with `SpoolNotFoundError` or `SpoolEngineError`. */
  load(id: SpoolIdLike, options?: OperationOptions): Promise<Uint8Array>;
  /** Removes `id`; one that is not there is no error. Rejects as `store` does. */
  remove(id: SpoolIdLike, options?: OperationOptions): Promise<void>;
  /**
   * All messages, in no order. Where a part of the spool fails, the others are finished first, then an error is thrown
   * that says which part it was.
   */
  enumerate(options?: EnumerateOptions): AsyncIterableIterator<SpoolEntry>;
  /** Writes everything out and rewrites it without what was removed. Rejects if any part failed. */
  compact(options?: OperationOptions): Promise<void>;
  /** Gives back the memory that it can. Resolves to the bytes saved, which may be negative. */
  adviseLowMemory(options?: OperationOptions): Promise<number>;
  /** Tidies what needs it (the seed's `cleanup`); nothing here does. */
  cleanup(options?: OperationOptions): Promise<void>;
  /** Why no write is accepted, or null. No I/O, no await, no allocation: call it for every message. */
  unhealthyReason(): string | null;
  health(): ShardHealth[];
  /**
   * Refuses new operations, settles every pending one, writes everything out and closes. Idempotent. Rejects where a shard could
   * not write everything out, or did not answer in time; nothing that was acknowledged is lost by either.
   */
  shutdown(): Promise<void>;
}

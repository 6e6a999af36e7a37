import type { MessagePort } from "node:worker_threads";
import type { ErrorRecord, LogLevel, ResolvedParams } from "@rockspool/core";

/**
 * The messages between the main thread and a shard's thread; both sides compile against this file. A shard has three
 * ports: data (frames and their answers), control (`ShardControl`, over comlink), log (`LogLine`, to the main thread
 * only).
 */

/**
 * The piscina task of a served shard. It resolves after `close`, with the result of closing, and rejects when the
 * thread dies.
 */
export interface ServeShardTask {
  readonly index: number;
  /** The shard's directory, which is also that of its first index. */
  readonly path: string;
  /** The directory of the message log. */
  readonly logPath: string;
  readonly markPath: string;
  /** The spool's identity: 16 hex digits. */
  readonly spool: string;
  /** The spool's own file. Once it is missing the spool is being removed, and nothing of the shard is written anew. */
  readonly layoutPath: string;
  /**
   * True while the spool is created: the shard's directory must be missing or empty. Otherwise the shard must exist.
   */
  readonly fresh: boolean;
  readonly params: ResolvedParams;
  /** `fsync` instead of `fdatasync`. */
  readonly fullSync: boolean;
  /** Time between two monitor ticks, in ms. */
  readonly monitorIntervalMs: number;
  /** The spool's status memory: `ShardStatus` gives this shard's block. */
  readonly status: SharedArrayBuffer;
  /** The engine's module, as a URL. */
  readonly engine: string;
  readonly data: MessagePort;
  readonly control: MessagePort;
  readonly log: MessagePort;
}

/**
 * On the data port the main thread sends a frame's buffer. It gets the same buffer back, with the errors if an
 * operation failed.
 */
export type FrameAnswer = ArrayBuffer | FrameFailure;

export interface FrameFailure {
  readonly buffer: ArrayBuffer;
  /**
   * For a frame of writes one error for all that failed; for a frame of reads one entry an index, null where the read
   * did not fail.
   */
  readonly errors: readonly (ErrorRecord | null)[];
}

/** The result of a control call. An error thrown through comlink would lose its class, so errors are returned. */
export type Result<T> = { readonly value: T } | { readonly error: ErrorRecord };

export interface Opened {
  /** `down`: messages are lost and nothing of the shard can be read. */
  readonly state: "open" | "read-only" | "down";
  /** What is missing; null for a sound shard. */
  readonly loss: Loss | null;
}

export interface Proof {
  /** Why the shard does not work; null if it does. */
  readonly failure: ErrorRecord | null;
  /** Whether closing and opening the shard may help. */
  readonly mayReopen: boolean;
}

export interface Loss {
  readonly reason: string;
  /**
   * Numbers of blocks of the message log, both ends included: all or some of these are missing. Null where they are not
   * known.
   */
  readonly missing: { readonly from: number; readonly to: number } | null;
}

export interface ShardControl {
  open(): Promise<Result<Opened>>;
  compact(): Promise<Result<void>>;
  /** Resolves to the number of bytes saved. */
  adviseLowMemory(): Promise<Result<number>>;
  /** Proves that the shard works: all its files are there, and a record is written, synced, read back and removed. */
  prove(): Promise<Result<Proof>>;
  /** Runs a monitor tick at once; resolves when the status block has its sample. */
  tick(): Promise<Result<void>>;
  /**
   * Sends the entries over `port` as a `CreditSender`: a credit is an empty buffer, an item a filled frame. Returns at
   * once.
   */
  enumerate(port: MessagePort, createdBeforeMs: number): void;
  /** Answers every frame in the lanes, writes everything to disk and closes. The result is the task's. */
  close(): void;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly fields: object;
  readonly message: string;
}

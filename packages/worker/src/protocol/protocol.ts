import type { MessagePort } from "node:worker_threads";
import type { ErrorRecord, LogLevel, ResolvedParams } from "@rockspool/core";

/**
 * What the main thread and a shard's thread say to each other; both sides compile against this file. Three ports a shard:
 * data (frames and their answers), control (comlink, `ShardControl`), log (one way, `LogLine`).
 */

/**
 * The piscina task: one runs as long as its shard is served. Resolves after `close`, to how that went; rejects when the thread
 * dies.
 */
export interface ServeShardTask {
  readonly index: number;
  /** The shard's directory. */
  readonly path: string;
  readonly markPath: string;
  /** The spool's own file. Where it is gone the spool is, and nothing of the shard is written anew. */
  readonly layoutPath: string;
  /** The spool is being made: the shard must not be there yet, or be empty. Otherwise it must be there. */
  readonly fresh: boolean;
  readonly params: ResolvedParams;
  /** `fsync` instead of `fdatasync`. */
  readonly fullSync: boolean;
  /** How often the shard beats, samples and marks, in ms. */
  readonly monitorIntervalMs: number;
  /** The spool's status memory: `ShardStatus` gives this shard's block. */
  readonly status: SharedArrayBuffer;
  /** The engine's module, as a URL. */
  readonly engine: string;
  readonly data: MessagePort;
  readonly control: MessagePort;
  readonly log: MessagePort;
}

/** Over the data port: to the shard a frame's buffer; back the same, alone or with the errors that its statuses speak of. */
export type FrameAnswer = ArrayBuffer | FrameFailure;

export interface FrameFailure {
  readonly buffer: ArrayBuffer;
  /** For a frame of writes one error for all that failed; for one of reads an error for each index that failed. */
  readonly errors: readonly (ErrorRecord | null)[];
}

/** An error thrown through comlink would lose its class: control answers with one of these. */
export type Result<T> = { readonly value: T } | { readonly error: ErrorRecord };

export interface Opened {
  /** `down`: there is a loss, and nothing that could be read. */
  readonly state: "open" | "read-only" | "down";
  /** What was found missing; null for a sound shard. */
  readonly loss: Loss | null;
}

export interface Proof {
  /** Why the shard does not work; null where it does. */
  readonly failure: ErrorRecord | null;
  /** Whether opening it again may help. Not where files are missing: what is in them can be read only as long as it is open. */
  readonly mayReopen: boolean;
}

export interface Loss {
  readonly reason: string;
  /** Batches up to the mark's and from the last number on that the shard holds: all or some are missing. Null where they cannot be told. */
  readonly missing: { readonly from: number; readonly to: number } | null;
}

export interface ShardControl {
  open(): Promise<Result<Opened>>;
  compact(): Promise<Result<void>>;
  /** Bytes saved. */
  adviseLowMemory(): Promise<Result<number>>;
  /** Whether the shard works: all its files are there, and a record is written, synced, read back and removed. */
  prove(): Promise<Result<Proof>>;
  /** A monitor tick at once; resolves when the gate has its sample. */
  tick(): Promise<Result<void>>;
  /** Sends entries over `port` until the end or until the port closes. Returns at once. */
  enumerate(port: MessagePort, createdBeforeMs: number): void;
  /** Settles what is in the lanes, writes everything out, closes. How that went is the task's result. */
  close(): void;
}

/** To the shard: a buffer to fill, which is also a credit. */
export type EntriesCredit = ArrayBuffer;

/** To the main thread: a filled frame, then the end. */
export type EntriesMessage = ArrayBuffer | { readonly end: ErrorRecord | null };

export interface LogLine {
  readonly level: LogLevel;
  readonly fields: object;
  readonly message: string;
}

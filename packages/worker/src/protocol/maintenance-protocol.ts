import type { MessagePort } from "node:worker_threads";
import type { ErrorRecord } from "@rockspool/core";
import type { Loss } from "./protocol.ts";

/** What the main thread and a thread that looks after a shard say to each other, while no spool has it open. */

export interface ShardFiles {
  /** The shard's directory. */
  readonly path: string;
  readonly markPath: string;
  /** The engine's module, as a URL. */
  readonly engine: string;
}

/**
 * `verify`: every value is looked at, and only counts come back. `read`: the messages. `salvage`: the messages, and where RocksDB
 * cannot read them, what its files hold.
 */
export type ReadMode = "verify" | "read" | "salvage";

export interface ReadShardTask extends ShardFiles {
  readonly index: number;
  /** How many shards the spool has: a message on the wrong one is never found. Null: not known. */
  readonly shards: number | null;
  readonly mode: ReadMode;
  /** Batches of records go out, a credit comes back for each. */
  readonly port: MessagePort;
}

export type ShardRecord =
  /** `doubtful`: it may be an older version, or one that had been removed. */
  | { readonly kind: "message"; readonly id: Uint8Array; readonly data: Uint8Array; readonly doubtful: boolean }
  | { readonly kind: "counted"; readonly messages: number; readonly bytes: number }
  /** An entry that is there and no message: of an id, its message is lost. */
  | { readonly kind: "corrupt"; readonly key: Uint8Array; readonly why: string }
  /** A part of a file that cannot be read; which messages were in it nobody can tell. */
  | {
      readonly kind: "damage";
      readonly file: string;
      readonly offset: number;
      readonly length: number;
      readonly why: string;
    }
  | ShardVerdict;

/** The last record of a shard. */
export interface ShardVerdict {
  readonly kind: "verdict";
  /** `sound`: all is there and readable. `loss`: something is missing. `unreadable`: RocksDB cannot read it, or not to the end. */
  readonly state: "sound" | "loss" | "unreadable";
  /** What is wrong; null for a sound shard. */
  readonly reason: string | null;
  readonly missing: Loss["missing"];
  /** What the messages were read through. */
  readonly source: "rocksdb" | "rocksdb and files" | "files" | "nothing";
}

export type RecordBatch = readonly ShardRecord[] | { readonly end: ErrorRecord | null };

export interface AcceptLossTask extends ShardFiles {
  /** False: only look. */
  readonly accept: boolean;
  /** Where nothing is left that could be opened: whether the shard may begin anew, empty. */
  readonly beginEmpty: boolean;
}

export interface ShardLoss {
  readonly reason: string;
  readonly missing: Loss["missing"];
  /** The last batch that the shard holds; 0 where nothing is left. */
  readonly batch: number;
  /** The batch that the mark knew; null where the mark is missing or damaged. */
  readonly markedBatch: number | null;
  /** Nothing is left that could be opened: accepted, the shard begins anew, empty. */
  readonly beginsEmpty: boolean;
  /** Where the files of a shard that began anew were moved to; null where there were none, or nothing has been accepted. */
  readonly movedTo: string | null;
}

import type { MessagePort } from "node:worker_threads";
import type { Loss } from "./protocol.ts";

/** The messages between the main thread and a thread that reads or repairs a shard while no spool has it open. */

export interface ShardFiles {
  readonly index: number;
  /** The shard's directory. */
  readonly path: string;
  /** The directory of the message log. */
  readonly logPath: string;
  readonly markPath: string;
  /** The spool's identity; null where `rockspool.json` cannot be read. */
  readonly spool: string | null;
}

/** `verify`: reads every message and returns only counts. `read`: returns the messages. */
export type ReadMode = "verify" | "read";

export interface ReadShardTask extends ShardFiles {
  /** The number of shards of the spool, to find messages that are on the wrong shard. Null if it is not known. */
  readonly shards: number | null;
  readonly mode: ReadMode;
  /** The sender's end of a credit stream: an item is a `RecordBatch`, a credit is `true`. */
  readonly port: MessagePort;
}

export type RecordBatch = readonly ShardRecord[];

export type ShardRecord =
  /** `doubtful`: the message may be an older version, or one that was removed. */
  | { readonly kind: "message"; readonly id: Uint8Array; readonly data: Uint8Array; readonly doubtful: boolean }
  | { readonly kind: "counted"; readonly messages: number; readonly bytes: number }
  /** An entry that is no readable message. If its key is an id, that message is lost. */
  | { readonly kind: "corrupt"; readonly key: Uint8Array; readonly why: string }
  /** A part of a file that cannot be read. Which messages it held is not known. */
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
  /**
   * `sound`: everything is there and readable. `loss`: something is missing or damaged. `unreadable`: nothing can be
   * read, or not to its end.
   */
  readonly state: "sound" | "loss" | "unreadable";
  /** What is wrong; null for a sound shard. */
  readonly reason: string | null;
  readonly missing: Loss["missing"];
  /** How the messages were read. */
  readonly source: "log" | "nothing";
}

export interface AcceptLossTask extends ShardFiles {
  /** False: only report the loss. */
  readonly accept: boolean;
  /** Whether a shard that cannot be opened at all may begin again, empty. */
  readonly beginEmpty: boolean;
}

export interface ShardLoss {
  readonly reason: string;
  readonly missing: Loss["missing"];
  /** The newest block of the message log; 0 if nothing is left. */
  readonly batch: number;
  /** The newest synced block in the mark; null if the mark is missing or damaged. */
  readonly markedBatch: number | null;
  /** Nothing can be opened: once the loss is accepted, the shard begins again, empty. */
  readonly beginsEmpty: boolean;
  /**
   * Where the files of a shard that began again were moved to; null if there were none, or if nothing has been
   * accepted.
   */
  readonly movedTo: string | null;
}

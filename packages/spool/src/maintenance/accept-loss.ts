import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { SpoolConfigError } from "@rockspool/core";
import type { ShardLoss } from "@rockspool/worker";
import { ClosedSpool } from "./closed-spool.ts";

/** Where what was accepted is written down, a line of JSON each. */
const RECORD = "accepted-losses.jsonl";

export interface AcceptLossOptions {
  /** The spool's directory. Nobody may have it open. */
  readonly path: string;
  /** The shard's number, from 0. */
  readonly shard: number;
  /** False: only say what is missing, and change nothing. */
  readonly accept: boolean;
  /**
   * Where nothing is left that RocksDB could open (the directory or its CURRENT is missing): whether the shard may begin anew, empty.
   * Files that are there are moved aside. Default: false.
   */
  readonly beginEmpty?: boolean;
}

export interface AcceptedLoss extends ShardLoss {
  /** Whether it is accepted now: the next open serves writes. */
  readonly accepted: boolean;
}

/**
 * Has the next `openSpool` serve writes on a shard that is read-only or down because something of it is lost: writes a new mark for
 * what is there. Null for a shard that has lost nothing. From then on RocksDB deletes files of the shard that it no longer knows,
 * so salvage the spool first.
 *
 * What was accepted is written down in `accepted-losses.jsonl` in the spool's directory, before it takes effect.
 *
 * Rejects with a `SpoolLockedError` where somebody has the spool open, a `SpoolConfigError` where there is no such spool or shard, and
 * a `SpoolEngineError` where RocksDB cannot open the shard at all: then only `salvageSpool` can read it.
 */
export async function acceptLoss(options: AcceptLossOptions): Promise<AcceptedLoss | null> {
  const { path, shard, accept, beginEmpty = false } = options;
  const spool = await ClosedSpool.open(path, { change: accept });
  try {
    if (spool.layoutError !== null) throw new SpoolConfigError("path", path, `${spool.layoutError}: put it back`);
    if (!Number.isInteger(shard) || shard < 0 || shard >= spool.shards) {
      throw new SpoolConfigError("shard", shard, `${path} holds shards 0 to ${spool.shards - 1}`);
    }
    const found = await spool.acceptLoss(shard, { accept: false, beginEmpty });
    if (found === null) return null;
    if (!accept || (found.beginsEmpty && !beginEmpty)) return { ...found, accepted: false };
    const line = { time: new Date().toISOString(), shard, ...found };
    await appendFile(join(spool.path, RECORD), `${JSON.stringify(line)}\n`, { flush: true });
    const done = await spool.acceptLoss(shard, { accept, beginEmpty });
    return done === null ? null : { ...done, accepted: true };
  } finally {
    await spool.close();
  }
}

import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { SpoolConfigError } from "@rockspool/core";
import type { ShardLoss } from "@rockspool/worker";
import { ClosedSpool } from "./closed-spool.ts";

/** The file in the spool's directory that records accepted losses, one line of JSON each. */
const RECORD_FILE = "accepted-losses.jsonl";

export interface AcceptLossOptions {
  /** The spool's directory. The spool must be closed. */
  readonly path: string;
  /** The shard's index, from 0. */
  readonly shard: number;
  /** False: only report the loss, and change nothing. */
  readonly accept: boolean;
  /**
   * Whether the shard may begin again, empty, if its message log is missing or empty. Remaining files are moved to
   * another directory. Default: false.
   */
  readonly beginEmpty?: boolean;
}

export interface AcceptedLoss extends ShardLoss {
  /** True if the loss was accepted: the next open serves writes. */
  readonly accepted: boolean;
}

/**
 * Accepts the loss of a shard that is read-only or down because of it: writes a new mark that matches what is left, so
 * the next `openSpool` serves writes. Resolves to null if the shard has lost nothing. Once the shard is opened for
 * writes, a cleaning may delete damaged segments, so salvage the spool first.
 *
 * The loss is recorded in `accepted-losses.jsonl` in the spool's directory before the new mark is written.
 *
 * Rejects with a `SpoolLockedError` if the spool is open, with a `SpoolConfigError` if there is no such spool or shard,
 * and with a `SpoolEngineError` if the shard's files cannot be read.
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
    await appendFile(join(spool.path, RECORD_FILE), `${JSON.stringify(line)}\n`, { flush: true });
    const done = await spool.acceptLoss(shard, { accept, beginEmpty });
    return done === null ? null : { ...done, accepted: true };
  } finally {
    await spool.close();
  }
}

import { existsSync, mkdirSync } from "node:fs";
import { readdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncDirectory } from "../files/checked-file.ts";
import { makeLogDirectory } from "../log/log-directory.ts";
import { type LogMark, placeOf, readLogMark, writeLogMark } from "../log/log-mark.ts";
import { inspectMarkedLog } from "../log/marked-log.ts";
import type { AcceptLossTask, ShardLoss } from "../protocol/maintenance-protocol.ts";
import { damageOf, lossOf } from "./shard-reader.ts";

/**
 * Reports what a shard has lost; null for a sound shard. If the loss is accepted, writes a mark that matches what is
 * left: the next open makes the index anew and serves writes. The caller holds the spool's lock.
 *
 *     the log can be read ─────────────▶ new mark
 *     no directory of the log, or empty ▶ files moved aside ─▶ new, empty directory ─▶ new mark
 *
 * If it is interrupted at any arrow, the shard still has its loss, which can be accepted again.
 */
export async function acceptShardLoss(task: AcceptLossTask): Promise<ShardLoss | null> {
  const { path, logPath, markPath, index, accept, beginEmpty } = task;
  const marked = await readLogMark(markPath).catch(() => null);
  const markedBatch = marked?.synced ?? null;
  const opened = await inspectMarkedLog(task);
  if (!("log" in opened)) {
    const movedTo = accept && beginEmpty ? await beginAgain(task, marked) : null;
    return { ...opened, batch: 0, markedBatch, beginsEmpty: true, movedTo };
  }
  const { identity, mark, log } = opened;
  const damage = damageOf(opened, logPath);
  const loss = opened.loss ?? lossOf(damage);
  if (loss === null) return null;
  if (accept) {
    await syncDirectory(logPath);
    await writeLogMark(markPath, {
      ...identity,
      boot: null,
      place: placeOf(logPath),
      clean: false,
      epoch: log.nextEpoch,
      segments: log.segments.map(({ segment, end }) => [segment, end] as const),
      synced: Math.max(log.block, mark?.synced ?? 0),
      holes: [...log.holes, ...damage.map(({ segment, from, to }) => [segment, from, to] as const)],
      index: mark?.index ?? basename(path),
      applied: { segment: 0, offset: 0, block: 0 },
      failed: false,
    });
  }
  return { ...loss, batch: log.block, markedBatch, beginsEmpty: false, movedTo: null };

  /** Resolves to the directory that the log's files were moved to; null if there were none. */
  async function beginAgain({ spool }: AcceptLossTask, before: LogMark | null): Promise<string | null> {
    const movedTo = await moveAside(logPath);
    makeLogDirectory(logPath, dirname(logPath));
    await writeLogMark(markPath, {
      spool: spool ?? before?.spool ?? "",
      shard: index,
      boot: null,
      place: placeOf(logPath),
      clean: false,
      epoch: (before?.epoch ?? 0) + 1,
      segments: [],
      synced: before?.synced ?? 0,
      holes: [],
      index: before?.index ?? basename(path),
      applied: { segment: 0, offset: 0, block: 0 },
      failed: false,
    });
    return movedTo;
  }
}

async function moveAside(directory: string): Promise<string | null> {
  const names = await readdir(directory).catch((): string[] => []);
  if (names.length === 0 || !existsSync(directory)) return null;
  const to = join(dirname(directory), `lost-${basename(directory)}-${new Date().toISOString().replace(/[:.]/g, "-")}`);
  await rename(directory, to);
  mkdirSync(directory, { mode: 0o755 });
  await syncDirectory(dirname(directory));
  return to;
}

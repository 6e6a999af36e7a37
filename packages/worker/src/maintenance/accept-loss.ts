import { mkdir, open, readdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { readBatchNumber } from "../engine/batch-number.ts";
import type { EngineModule } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { CURRENT, logNumber } from "../files/file-names.ts";
import type { AcceptLossTask, ShardLoss } from "../protocol/maintenance-protocol.ts";
import { syncDirectory } from "../recovery/checked-file.ts";
import { type Evidence, manifestEvidence } from "../recovery/evidence.ts";
import { type Inspection, inspectShard } from "../recovery/inspection.ts";
import { readMark, writeMark } from "../recovery/mark.ts";
import { READ_ONLY } from "./shard-reader.ts";

/**
 * What a shard has lost, and, where that is accepted, a new mark for what is left, so that the next open serves writes. Null for a
 * sound shard. The caller holds the spool's lock.
 *
 *     opens read-only, with a loss ───────────▶ new mark
 *     no directory, or none with a CURRENT ───▶ files moved aside ─▶ new database ─▶ new mark
 *     does not open ──────────────────────────▶ throw: only its files can be read
 *
 * Cut short at any arrow, it is a loss as before and can be accepted again.
 */
export async function acceptShardLoss(task: AcceptLossTask): Promise<ShardLoss | null> {
  const { path, markPath, accept, beginEmpty } = task;
  const module = (await import(task.engine)) as EngineModule;
  const markedBatch = (await readMark(markPath).catch(() => null))?.batch ?? null;
  const empty = (reason: string): ShardLoss => ({
    reason,
    missing: markedBatch === null || markedBatch === 0 ? null : { from: 1, to: markedBatch },
    batch: 0,
    markedBatch,
    beginsEmpty: true,
    movedTo: null,
  });

  const finding = (await hasNoCurrent(path))
    ? empty("CURRENT is missing, without which RocksDB opens nothing")
    : await inspect(task, module);
  if ("beginsEmpty" in finding) return accept && beginEmpty ? beginAnew(task, module, finding) : finding;
  if (finding.kind === "sound") return null;
  const { loss, engine } = finding;
  if (engine === null) {
    const lost = empty(loss.reason);
    return accept && beginEmpty ? beginAnew(task, module, lost) : lost;
  }
  try {
    const batch = await readBatchNumber(engine);
    if (accept) await writeMark(markPath, { batch, evidence: await evidenceOf(path) });
    return { ...loss, batch, markedBatch, beginsEmpty: false, movedTo: null };
  } finally {
    await engine.close();
  }
}

async function inspect({ path, markPath }: AcceptLossTask, module: EngineModule): Promise<Inspection> {
  try {
    return await inspectShard({ path, markPath, module, options: READ_ONLY });
  } catch (cause) {
    const error = toEngineError(cause, path);
    if (!(error instanceof SpoolEngineError)) throw error;
    const why = `RocksDB cannot read it (${error.message}): salvage the spool into a new one`;
    throw new SpoolEngineError(why, { kind: error.kind, path, cause });
  }
}

/** True for a directory with files and no CURRENT; one that is missing or empty is the inspection's to find. */
async function hasNoCurrent(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.length > 0 && !names.includes(CURRENT);
}

async function beginAnew(
  { path, markPath }: AcceptLossTask,
  module: EngineModule,
  lost: ShardLoss,
): Promise<ShardLoss> {
  const movedTo = await moveAside(path);
  await mkdir(path, { recursive: true, mode: 0o755 });
  await syncDirectory(dirname(path));
  const engine = await module.openEngine(path, { ...READ_ONLY, mode: "create" });
  await engine.close();
  await writeMark(markPath, { batch: 0, evidence: await evidenceOf(path) });
  return { ...lost, movedTo };
}

/** Nothing is deleted: tables that RocksDB does not know it would delete itself. */
async function moveAside(path: string): Promise<string | null> {
  const names = await readdir(path).catch((): string[] => []);
  if (names.length === 0) return null;
  const to = join(dirname(path), `lost-${basename(path)}-${new Date().toISOString().replace(/[:.]/g, "-")}`);
  await rename(path, to);
  return to;
}

/** Synced first: a mark must not speak of what a power cut can still take. */
async function evidenceOf(path: string): Promise<Evidence> {
  const logs: Evidence["logs"][number][] = [];
  for (const name of await readdir(path)) {
    const number = logNumber(name);
    if (number === null) continue;
    const file = await open(join(path, name), "r");
    try {
      await file.datasync();
      const bytes = (await file.stat()).size;
      // All of it: what cannot be read is accepted.
      logs.push({ number, bytes, syncedBeforeBytes: bytes });
    } finally {
      await file.close();
    }
  }
  await syncDirectory(path);
  return { manifest: await manifestEvidence(path), logs };
}

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
 * What a shard has lost; null for a sound shard. If the loss is accepted, also writes a mark that matches what is left,
 * so that the next open serves writes. The caller holds the spool's lock.
 *
 *     opens read-only, with a loss ────────────────▶ new mark
 *     no directory, or one that has no CURRENT ────▶ files moved aside ─▶ new database ─▶ new mark
 *     does not open ───────────────────────────────▶ throw: only salvage can read it
 *
 * If it is interrupted at any arrow, the shard still has its loss, which can be accepted again.
 */
export async function acceptShardLoss(task: AcceptLossTask): Promise<ShardLoss | null> {
  const { path, markPath, accept, beginEmpty } = task;
  const module = (await import(task.engine)) as EngineModule;
  const markedBatch = (await readMark(markPath).catch(() => null))?.batch ?? null;
  const wholeLoss = async (reason: string): Promise<ShardLoss> => {
    const missing = markedBatch === null || markedBatch === 0 ? null : { from: 1, to: markedBatch };
    const movedTo = accept && beginEmpty ? await replaceByEmptyShard(task, module) : null;
    return { reason, missing, batch: 0, markedBatch, beginsEmpty: true, movedTo };
  };

  if (await lacksCurrent(path)) return wholeLoss("CURRENT is missing, without which RocksDB opens nothing");
  const inspection = await inspect(task, module);
  if (inspection.kind === "sound") return null;
  const { loss, engine } = inspection;
  if (engine === null) return wholeLoss(loss.reason);
  try {
    const batch = await readBatchNumber(engine);
    if (accept) await writeMark(markPath, { batch, evidence: await syncedEvidence(path) });
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

/** True for a directory with files but no CURRENT. The inspection handles a missing or empty directory. */
async function lacksCurrent(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.length > 0 && !names.includes(CURRENT);
}

/** Resolves to where the shard's files are now; null if there were none. */
async function replaceByEmptyShard({ path, markPath }: AcceptLossTask, module: EngineModule): Promise<string | null> {
  const movedTo = await moveAside(path);
  await mkdir(path, { recursive: true, mode: 0o755 });
  await syncDirectory(dirname(path));
  const engine = await module.openEngine(path, { ...READ_ONLY, mode: "create" });
  await engine.close();
  await writeMark(markPath, { batch: 0, evidence: await syncedEvidence(path) });
  return movedTo;
}

/** A new database in the same directory would delete the tables in it, because it does not know them. */
async function moveAside(path: string): Promise<string | null> {
  const names = await readdir(path).catch((): string[] => []);
  if (names.length === 0) return null;
  const to = join(dirname(path), `lost-${basename(path)}-${new Date().toISOString().replace(/[:.]/g, "-")}`);
  await rename(path, to);
  return to;
}

/** Syncs each file before it records it: a mark must not list bytes that a power cut can still take. */
async function syncedEvidence(path: string): Promise<Evidence> {
  const logs: Evidence["logs"][number][] = [];
  for (const name of await readdir(path)) {
    const number = logNumber(name);
    if (number === null) continue;
    const file = await open(join(path, name), "r");
    try {
      await file.datasync();
      const bytes = (await file.stat()).size;
      // All bytes, because damage in them is part of the accepted loss and needs no warning at the next open.
      logs.push({ number, bytes, syncedBeforeBytes: bytes });
    } finally {
      await file.close();
    }
  }
  await syncDirectory(path);
  return { manifest: await manifestEvidence(path), logs };
}

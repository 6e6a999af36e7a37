import { readdir } from "node:fs/promises";
import { readBatchNumber } from "../engine/batch-number.ts";
import type { Engine, EngineModule, EngineOptions } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import type { Loss } from "../protocol/protocol.ts";
import { missingEvidence } from "./evidence.ts";
import { type Mark, readMark } from "./mark.ts";

/**
 * Inspects an existing shard before RocksDB opens it for writing, and changes no file. RocksDB opens some damaged
 * databases without an error and then deletes the files that its MANIFEST does not list.
 *
 *     directory missing or empty? ──yes──▶ loss, nothing to read: down
 *     opens read-only? ──no──▶ throw: down
 *     mark readable, batch number not below it, files no shorter than it recorded? ──no──▶ loss: read-only
 *     otherwise sound
 */
export type Inspection =
  /** `minLogNumberToKeep` is RocksDB's: it does not read older logs. */
  | { readonly kind: "sound"; readonly minLogNumberToKeep: number }
  /** `engine` has the shard open read-only; null if there is nothing to read. The caller closes it. */
  | { readonly kind: "loss"; readonly loss: Loss; readonly engine: Engine | null };

export interface InspectedShard {
  readonly path: string;
  readonly markPath: string;
  readonly module: EngineModule;
  readonly options: EngineOptions;
}

export async function inspectShard({ path, markPath, module, options }: InspectedShard): Promise<Inspection> {
  const wholeLoss = await findMissingDirectory(path, markPath);
  if (wholeLoss !== null) return { kind: "loss", loss: wholeLoss, engine: null };
  const engine = await module.openEngine(path, { ...options, mode: "read-only" });
  let minLogNumberToKeep: number;
  try {
    minLogNumberToKeep = await engine.property("min-log-number-to-keep");
    const loss = await findLoss(engine, minLogNumberToKeep, path, markPath);
    if (loss !== null) return { kind: "loss", loss, engine };
  } catch (error) {
    await engine.close();
    throw error;
  }
  await engine.close();
  return { kind: "sound", minLogNumberToKeep };
}

/** The loss of the whole shard, whose directory is missing or empty. RocksDB would create a new database there. */
async function findMissingDirectory(path: string, markPath: string): Promise<Loss | null> {
  let reason: string;
  try {
    if ((await readdir(path)).length > 0) return null;
    reason = "the shard's directory is empty";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw toEngineError(error, path);
    reason = "the shard's directory is missing";
  }
  const mark = await readMark(markPath).catch(() => null);
  return { reason, missing: mark === null || mark.batch === 0 ? null : { from: 1, to: mark.batch } };
}

async function findLoss(
  engine: Engine,
  minLogNumberToKeep: number,
  path: string,
  markPath: string,
): Promise<Loss | null> {
  let mark: Mark | null;
  try {
    mark = await readMark(markPath);
  } catch (error) {
    return { reason: `the mark ${markPath} cannot be read: ${(error as Error).message}`, missing: null };
  }
  if (mark === null) return { reason: `the mark ${markPath} is missing`, missing: null };
  const batch = await readBatchNumber(engine);
  if (batch < mark.batch) {
    const missing = { from: batch + 1, to: mark.batch };
    const reason = `batches ${missing.from} to ${missing.to} are missing, all or some: they were on the disk`;
    return { reason, missing };
  }
  if (mark.evidence === null) return null;
  const gone = await missingEvidence(path, mark.evidence, minLogNumberToKeep);
  return gone === null ? null : { reason: `what was on the disk is not there: ${gone}`, missing: null };
}

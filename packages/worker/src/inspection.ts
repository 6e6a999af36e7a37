import { readdir } from "node:fs/promises";
import { SpoolEngineError } from "@rockspool/core";
import { readBatchNumber } from "./batch-number.ts";
import type { Engine, EngineModule, EngineOptions } from "./engine.ts";
import { missingEvidence } from "./evidence.ts";
import { type Mark, readMark } from "./mark.ts";
import type { Loss } from "./protocol.ts";

/**
 * A look at a shard that the spool has had before, without changing a file, before RocksDB may open it for writing: some losses
 * it opens without a word, and then it deletes what it does not know any more.
 *
 *     directory, CURRENT there? ──no──▶ throw: down
 *     opens read-only? ──no──▶ throw: down
 *     mark readable, batch number not below it, files not less than it saw? ──no──▶ loss: read-only
 *     otherwise sound
 */
export type Finding =
  | { readonly kind: "sound" }
  /** What was found, and the engine that it can still be read through. */
  | { readonly kind: "loss"; readonly loss: Loss; readonly engine: Engine };

export interface Inspected {
  readonly path: string;
  readonly markPath: string;
  readonly module: EngineModule;
  readonly options: EngineOptions;
}

export async function inspectShard({ path, markPath, module, options }: Inspected): Promise<Finding> {
  await mustBeThere(path);
  const engine = await module.openEngine(path, { ...options, mode: "read-only" });
  try {
    const loss = await findLoss(engine, path, markPath);
    if (loss !== null) return { kind: "loss", loss, engine };
  } catch (error) {
    await engine.close();
    throw error;
  }
  await engine.close();
  return { kind: "sound" };
}

/** RocksDB fails once on a missing CURRENT and then opens nearly empty; a missing directory it opens empty. */
async function mustBeThere(path: string): Promise<void> {
  const names = await readdir(path).catch((cause: NodeJS.ErrnoException) => {
    throw lost(path, cause.code === "ENOENT" ? "the shard's directory is missing" : cause.message, cause);
  });
  if (names.length === 0) throw lost(path, "the shard's directory is empty");
}

async function findLoss(engine: Engine, path: string, markPath: string): Promise<Loss | null> {
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
    const count = missing.to - missing.from + 1;
    return { reason: `${count} batches are missing, ${missing.from} to ${missing.to}: they were on the disk`, missing };
  }
  if (mark.evidence === null) return null;
  const gone = await missingEvidence(path, mark.evidence, await engine.figure("min-log-number-to-keep"));
  return gone === null ? null : { reason: `what was on the disk is not there: ${gone}`, missing: null };
}

function lost(path: string, message: string, cause?: unknown): SpoolEngineError {
  return new SpoolEngineError(message, { kind: "io", path, cause });
}

import { SpoolConfigError, SpoolEngineError, type SpoolEntry, SpoolId } from "@rockspool/core";
import type { ShardRecord } from "@rockspool/worker";
import { shardPath } from "../directory/layout.ts";
import { ClosedSpool } from "./closed-spool.ts";

export interface ReadSpoolOptions {
  /** The spool's directory. Nobody may have it open; nothing in it is changed. */
  readonly path: string;
  /** Only messages made before. Default: all. */
  readonly createdBefore?: Date | undefined;
  /** Ends it: rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told of a shard that has lost something; what is left of it is read. Default: it is thrown when all shards have been read. */
  readonly onLoss?: ((error: SpoolEngineError) => void) | undefined;
}

/**
 * All entries of a spool that stays closed, in no order, as `enumerate` gives them. Memory stays flat.
 *
 * Throws a `SpoolEngineError` when all that can be read has been, where a shard cannot be read, or not to its end; a
 * `SpoolLockedError` where somebody has the spool open; and a `SpoolConfigError` where there is none.
 */
export async function* readSpool(options: ReadSpoolOptions): AsyncGenerator<SpoolEntry, void, undefined> {
  const { path, createdBefore, signal, onLoss } = options;
  const createdBeforeMs = createdBefore?.getTime() ?? Number.POSITIVE_INFINITY;
  const spool = await ClosedSpool.open(path);
  try {
    if (spool.layoutError !== null) throw new SpoolConfigError("path", path, spool.layoutError);
    let failure: SpoolEngineError | null = null;
    for (let index = 0; index < spool.shards; index++) {
      const shard = shardPath(spool.path, index);
      for await (const record of spool.records(index, "read")) {
        signal?.throwIfAborted();
        if (record.kind === "verdict" && record.state !== "sound") {
          const error = new SpoolEngineError(`shard ${index}: ${record.reason}`, { kind: "corruption", path: shard });
          if (record.state === "loss" && onLoss !== undefined) onLoss(error);
          else failure ??= error;
        }
        const entry = toEntry(record, shard);
        if (entry !== null && (entry.id === null || entry.id.createdMs < createdBeforeMs)) yield entry;
      }
    }
    if (failure !== null) throw failure;
  } finally {
    await spool.close();
  }
}

function toEntry(record: ShardRecord, path: string): SpoolEntry | null {
  if (record.kind === "message") return { kind: "item", id: SpoolId.fromBytes(record.id), data: record.data };
  if (record.kind !== "corrupt") return null;
  const { key, why } = record;
  const error = new SpoolEngineError(why, { kind: "corruption", path });
  return { kind: "corrupt", id: SpoolId.tryFromBytes(key), key: Buffer.from(key).toString("hex"), error };
}

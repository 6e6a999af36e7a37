import { SpoolConfigError, SpoolEngineError, type SpoolEntry, SpoolId } from "@rockspool/core";
import type { ShardRecord } from "@rockspool/worker";
import { shardPath } from "../directory/layout.ts";
import { ClosedSpool } from "./closed-spool.ts";

export interface ReadSpoolOptions {
  /** The spool's directory. The spool must be closed, and is not changed. */
  readonly path: string;
  /** Only messages created before this time. Default: all. */
  readonly createdBefore?: Date | undefined;
  /** An abort ends the iteration with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called for a shard with a loss; the rest of that shard is read. Default: the error is thrown after all shards have
   * been read.
   */
  readonly onLoss?: ((error: SpoolEngineError) => void) | undefined;
}

/**
 * Yields all entries of a closed spool in no particular order, as `enumerate` does. Memory use does not depend on their
 * number.
 *
 * If a shard cannot be read, or not to its end, a `SpoolEngineError` is thrown after everything readable has been
 * yielded. Throws a `SpoolLockedError` if the spool is open, and a `SpoolConfigError` if there is none.
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

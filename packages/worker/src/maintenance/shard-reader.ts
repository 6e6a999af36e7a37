import { SpoolId, shardOf } from "@rockspool/core";
import { isReservedKey } from "../engine/batch-number.ts";
import type { Engine, EngineEntry, EngineModule, EngineOptions } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { pages } from "../engine/pages.ts";
import { ValueCodec } from "../lanes/value-codec.ts";
import type { ReadShardTask, ShardFiles, ShardRecord, ShardVerdict } from "../protocol/maintenance-protocol.ts";
import type { Loss } from "../protocol/protocol.ts";
import { inspectShard } from "../recovery/inspection.ts";

export const READ_ONLY: EngineOptions = {
  mode: "read-only",
  fullSync: false,
  maxBackgroundJobs: null,
  maxOpenFiles: null,
  writeBufferSize: null,
};

/** A shard of a closed spool, opened read-only: no file changes. */
export interface ReadOnlyShard {
  /** Null if there is nothing that RocksDB can read. */
  readonly engine: Engine | null;
  readonly loss: Loss | null;
  /** Why RocksDB cannot open the shard. */
  readonly error: Error | null;
}

/** The caller closes the engine. */
export async function openReadOnly({ path, markPath, engine: url }: ShardFiles): Promise<ReadOnlyShard> {
  const module = (await import(url)) as EngineModule;
  try {
    const inspection = await inspectShard({ path, markPath, module, options: READ_ONLY });
    if (inspection.kind === "loss") return { engine: inspection.engine, loss: inspection.loss, error: null };
    return { engine: await module.openEngine(path, READ_ONLY), loss: null, error: null };
  } catch (error) {
    return { engine: null, loss: null, error: toEngineError(error, path) };
  }
}

/** The messages that RocksDB reads, then the verdict. A read error ends the messages; the verdict still follows. */
export async function* readShard(task: ReadShardTask): AsyncGenerator<ShardRecord> {
  const shard = await openReadOnly(task);
  let { error } = shard;
  try {
    const records = recordsOf(task, shard.engine);
    if (task.mode === "verify") yield* counted(records);
    else yield* records;
  } catch (failure) {
    error = toEngineError(failure, task.path);
  } finally {
    await shard.engine?.close();
  }
  yield verdictOf(shard, error);
}

export function verdictOf({ engine, loss }: ReadOnlyShard, error: Error | null): ShardVerdict {
  const reasons = [loss?.reason, error?.message].filter((reason) => reason !== undefined);
  return {
    kind: "verdict",
    state: error !== null || engine === null ? "unreadable" : loss === null ? "sound" : "loss",
    reason: reasons.length === 0 ? null : reasons.join("; "),
    missing: loss?.missing ?? null,
    source: engine === null ? "nothing" : "rocksdb",
  };
}

/** With `shards` null the shard that an id belongs to is not checked. */
export async function* recordsOf(
  { index, shards }: Pick<ReadShardTask, "index" | "shards">,
  engine: Engine | null,
): AsyncGenerator<ShardRecord> {
  if (engine === null) return;
  for await (const page of pages(engine)) {
    for (const entry of page) {
      const record = toRecord(entry, false);
      if (record === null) continue;
      const isMisplaced = record.kind === "message" && shards !== null && shardOf(record.id, shards) !== index;
      if (isMisplaced)
        yield { kind: "corrupt", key: record.id, why: `it belongs to shard ${shardOf(record.id, shards)}` };
      else yield record;
    }
  }
}

const codec = new ValueCodec("none", 0);

/** Null for reserved keys. */
export function toRecord({ key, value }: EngineEntry, doubtful: boolean): ShardRecord | null {
  if (isReservedKey(key)) return null;
  if (SpoolId.tryFromBytes(key) === null) return { kind: "corrupt", key, why: "its key is no SpoolId" };
  try {
    return { kind: "message", id: key, data: codec.decompress(value), doubtful };
  } catch (error) {
    return { kind: "corrupt", key, why: (error as Error).message };
  }
}

/** Messages in a `counted` record. */
const COUNT_EVERY = 1000;

/** Replaces the messages by their number and bytes. */
async function* counted(records: AsyncIterable<ShardRecord>): AsyncGenerator<ShardRecord> {
  let messages = 0;
  let bytes = 0;
  const takeCounts = (): ShardRecord => {
    const record: ShardRecord = { kind: "counted", messages, bytes };
    messages = bytes = 0;
    return record;
  };
  let failure: { readonly error: unknown } | null = null;
  try {
    for await (const record of records) {
      if (record.kind !== "message") {
        yield record;
        continue;
      }
      bytes += record.data.byteLength;
      if (++messages === COUNT_EVERY) yield takeCounts();
    }
  } catch (error) {
    failure = { error };
  }
  // The messages before the failure count too.
  if (messages > 0) yield takeCounts();
  if (failure !== null) throw failure.error;
}

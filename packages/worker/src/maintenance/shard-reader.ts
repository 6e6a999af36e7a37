import { crc32 } from "node:zlib";
import { SpoolId } from "@rockspool/core";
import { isReservedKey } from "../engine/batch-number.ts";
import type { Engine, EngineEntry, EngineModule, EngineOptions } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { pages } from "../engine/pages.ts";
import { ValueCodec } from "../lanes/value-codec.ts";
import type { ReadShardTask, ShardRecord, ShardVerdict } from "../protocol/maintenance-protocol.ts";
import type { Loss } from "../protocol/protocol.ts";
import { inspectShard } from "../recovery/inspection.ts";

export const READ_ONLY: EngineOptions = {
  mode: "read-only",
  fullSync: false,
  maxBackgroundJobs: null,
  maxOpenFiles: null,
  writeBufferSize: null,
};

/** A shard that no spool has open, opened read-only: no file of it is changed. */
export interface Sight {
  /** Null where there is nothing that RocksDB could read. */
  readonly engine: Engine | null;
  readonly loss: Loss | null;
  /** Why RocksDB does not open it. */
  readonly error: Error | null;
}

export type Where = Pick<ReadShardTask, "path" | "markPath" | "engine">;

/** The caller closes the engine. */
export async function lookAt({ path, markPath, engine: url }: Where): Promise<Sight> {
  const module = (await import(url)) as EngineModule;
  try {
    const finding = await inspectShard({ path, markPath, module, options: READ_ONLY });
    if (finding.kind === "loss") return { engine: finding.engine, loss: finding.loss, error: null };
    return { engine: await module.openEngine(path, READ_ONLY), loss: null, error: null };
  } catch (error) {
    return { engine: null, loss: null, error: toEngineError(error, path) };
  }
}

/** The messages that RocksDB finds, then the verdict. What cannot be read ends the messages, not the stream. */
export async function* readShard(task: ReadShardTask): AsyncGenerator<ShardRecord> {
  const sight = await lookAt(task);
  let { error } = sight;
  try {
    const records = recordsOf(task, sight.engine);
    if (task.mode === "verify") yield* counted(records);
    else yield* records;
  } catch (failure) {
    error = toEngineError(failure, task.path);
  } finally {
    await sight.engine?.close();
  }
  yield verdictOf(sight, error);
}

export function verdictOf({ engine, loss }: Sight, error: Error | null): ShardVerdict {
  const reasons = [loss?.reason, error?.message].filter((reason) => reason !== undefined);
  return {
    kind: "verdict",
    state: error !== null || engine === null ? "unreadable" : loss === null ? "sound" : "loss",
    reason: reasons.length === 0 ? null : reasons.join("; "),
    missing: loss?.missing ?? null,
    source: engine === null ? "nothing" : "rocksdb",
  };
}

export async function* recordsOf(
  { index, shards }: Pick<ReadShardTask, "index" | "shards">,
  engine: Engine | null,
): AsyncGenerator<ShardRecord> {
  if (engine === null) return;
  for await (const page of pages(engine)) {
    for (const entry of page) {
      const record = toRecord(entry, false);
      if (record === null) continue;
      const { kind } = record;
      if (kind === "message" && shards !== null && crc32(record.id) % shards !== index) {
        yield { kind: "corrupt", key: record.id, why: `it belongs to shard ${crc32(record.id) % shards}` };
      } else yield record;
    }
  }
}

const codec = new ValueCodec("none", 0);

/** Null for what is not of a user's making. */
export function toRecord({ key, value }: EngineEntry, doubtful: boolean): ShardRecord | null {
  if (isReservedKey(key)) return null;
  if (SpoolId.tryFromBytes(key) === null) return { kind: "corrupt", key, why: "its key is no SpoolId" };
  try {
    return { kind: "message", id: key, data: codec.decompress(value), doubtful };
  } catch (error) {
    return { kind: "corrupt", key, why: (error as Error).message };
  }
}

const COUNT_EVERY = 1000;

/** Counts in the messages' place. */
async function* counted(records: AsyncIterable<ShardRecord>): AsyncGenerator<ShardRecord> {
  let messages = 0;
  let bytes = 0;
  const take = (): ShardRecord => {
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
      if (++messages === COUNT_EVERY) yield take();
    }
  } catch (error) {
    failure = { error };
  }
  // What was read before it failed was read.
  if (messages > 0) yield take();
  if (failure !== null) throw failure.error;
}

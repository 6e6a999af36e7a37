import { SPOOL_ID_BYTES } from "@rockspool/core";
import { BATCH_NUMBER_KEY, isReservedKey } from "../engine/batch-number.ts";
import type { Engine } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import type { ReadShardTask, ShardRecord, ShardVerdict } from "../protocol/maintenance-protocol.ts";
import type { RawDamage, RawEntry } from "../raw/raw-entry.ts";
import { readRawEntries } from "../raw/read-raw-entries.ts";
import { readMark } from "../recovery/mark.ts";
import { SequenceTable } from "./sequence-table.ts";
import { openReadOnly, recordsOf, toRecord, verdictOf } from "./shard-reader.ts";

/**
 * All that can be read of a shard, however damaged, then the verdict. An id may come twice: the later record counts.
 *
 *     opens, and nothing but the mark is missing ──▶ RocksDB reads all ──▶ certain
 *          RocksDB fails midway ──▶ RocksDB is asked for each id that the files contain
 *              it answers ──▶ certain;  it fails ──▶ the newest version in the files, doubtful
 *     something else is missing, or it does not open ──▶ the newest version in the files, doubtful:
 *          a newer version, or a removal, may be in the missing part
 *
 * The files are read twice: once for the newest version of each id, once for the values. So memory use is 34 to 69
 * bytes per id of one shard.
 */
export async function* salvageShard(task: ReadShardTask): AsyncGenerator<ShardRecord> {
  const shard = await openReadOnly(task);
  const { engine, loss } = shard;
  let { error } = shard;
  let source: ShardVerdict["source"] = "files";
  let newestBatch = 0;
  const markedBatch = (await readMark(task.markPath).catch(() => null))?.batch ?? null;
  try {
    const isTrusted = engine !== null && (loss === null || markedBatch === null);
    if (isTrusted) {
      source = "rocksdb";
      try {
        // A message in the wrong shard is as good as any: the destination places it anew.
        yield* recordsOf({ index: task.index, shards: null }, engine);
      } catch (failure) {
        error = toEngineError(failure, task.path);
      }
    }
    if (!isTrusted || error !== null) {
      if (isTrusted) source = "rocksdb and files";
      newestBatch = yield* readFiles(task.path, isTrusted ? engine : null);
    }
  } finally {
    await engine?.close();
  }
  const verdict = verdictOf(shard, error);
  if (source !== "files") yield { ...verdict, source };
  else if (engine === null && loss !== null) yield verdict;
  else yield { ...verdict, missing: batchesAfter(newestBatch, markedBatch), source };
}

function batchesAfter(newest: number, marked: number | null): ShardVerdict["missing"] {
  return marked === null || newest >= marked ? null : { from: newest + 1, to: marked };
}

/** The newest version of each id in the files. Returns the newest batch number in them. */
async function* readFiles(path: string, engine: Engine | null): AsyncGenerator<ShardRecord, number> {
  const damages: RawDamage[] = [];
  const newest = new SequenceTable();
  let newestBatch = 0;
  try {
    for await (const { key, value, sequence } of readRawEntries(path, (damage) => damages.push(damage))) {
      if (key.byteLength === SPOOL_ID_BYTES) newest.note(key, sequence);
      else if (BATCH_NUMBER_KEY.equals(key) && value?.byteLength === 8)
        newestBatch = Math.max(newestBatch, Number(Buffer.from(value).readBigUInt64BE()));
    }
  } catch (error) {
    // The directory is missing, or a file is in its place: there is nothing to read.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return 0;
    throw error;
  }
  for (const { file, offset, length, reason } of damages) yield { kind: "damage", file, offset, length, why: reason };

  let pending: RawEntry[] = [];
  for await (const entry of readRawEntries(path, () => {})) {
    if (isReservedKey(entry.key)) continue;
    if (entry.key.byteLength === SPOOL_ID_BYTES && !newest.take(entry.key, entry.sequence)) continue;
    if (engine === null) yield* fromFile(entry);
    else {
      pending.push(entry);
      if (pending.length < LOOKUP_KEYS) continue;
      yield* lookUp(pending, engine);
      pending = [];
    }
  }
  if (engine !== null) yield* lookUp(pending, engine);
  return newestBatch;
}

/** Keys that RocksDB looks up in one call. */
const LOOKUP_KEYS = 32;

/** What RocksDB has for the keys of the entries. For a key that it cannot read: what the entry has, doubtful. */
async function* lookUp(entries: readonly RawEntry[], engine: Engine): AsyncGenerator<ShardRecord> {
  const values = await engine.getMany(entries.map(({ key }) => key));
  for (const [i, entry] of entries.entries()) {
    const value = values[i] ?? null;
    // RocksDB is right about a key that it does not have, even if old files still hold it.
    if (value === null) continue;
    if (!(value instanceof Error)) yield* present(toRecord({ key: entry.key, value }, false));
    else if (entry.value !== null) yield* fromFile(entry);
    else
      yield {
        kind: "corrupt",
        key: entry.key,
        why: `its newest version in the files is a removal, and RocksDB cannot read the key: ${value.message}`,
      };
  }
}

function* fromFile({ key, value }: RawEntry): Generator<ShardRecord> {
  if (value !== null) yield* present(toRecord({ key, value }, true));
}

function* present(record: ShardRecord | null): Generator<ShardRecord> {
  if (record !== null) yield record;
}

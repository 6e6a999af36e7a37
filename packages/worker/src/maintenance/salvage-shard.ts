import { SPOOL_ID_BYTES } from "@rockspool/core";
import { BATCH_NUMBER_KEY, isReservedKey } from "../engine/batch-number.ts";
import type { Engine } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import type { ReadShardTask, ShardRecord, ShardVerdict } from "../protocol/maintenance-protocol.ts";
import type { RawDamage, RawEntry } from "../raw/raw-entry.ts";
import { readRawEntries } from "../raw/read-raw-entries.ts";
import { readMark } from "../recovery/mark.ts";
import { SequenceTable } from "./sequence-table.ts";
import { lookAt, recordsOf, toRecord, verdictOf } from "./shard-reader.ts";

/**
 * All that can be read of a shard, however damaged, then the verdict. An id may come twice: what comes later counts.
 *
 *     nothing known to be missing (but perhaps the mark) ──▶ RocksDB reads all ──▶ certain
 *          RocksDB fails on the way ──▶ the files name the ids, RocksDB is asked for each
 *              it answers ──▶ certain;  it fails ──▶ the newest version in the files, doubtful
 *     something is missing, or RocksDB does not open ──▶ the newest version in the files, doubtful:
 *          a newer one, or a removal, may be in what is missing
 *
 * The files are read twice: which version of each id is the newest, then the values. So memory holds 34 to 69 bytes an id of one shard.
 */
export async function* salvageShard(task: ReadShardTask): AsyncGenerator<ShardRecord> {
  const sight = await lookAt(task);
  const { engine, loss } = sight;
  let { error } = sight;
  let source: ShardVerdict["source"] = "files";
  let newestBatch = 0;
  const markedBatch = (await readMark(task.markPath).catch(() => null))?.batch ?? null;
  try {
    const isTrusted = engine !== null && (loss === null || markedBatch === null);
    if (isTrusted) {
      source = "rocksdb";
      try {
        // Where a message belongs matters to nobody here: it gets a new place.
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
  const verdict = verdictOf(sight, error);
  if (source !== "files") yield { ...verdict, source };
  else if (engine === null && loss !== null) yield verdict;
  else yield { ...verdict, missing: batchesAfter(newestBatch, markedBatch), source };
}

function batchesAfter(newest: number, marked: number | null): ShardVerdict["missing"] {
  return marked === null || newest >= marked ? null : { from: newest + 1, to: marked };
}

/** What the files hold, of each id the newest version. Returns the newest batch that was found in them. */
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
    // Without a directory, or with a file in its place, there is nothing to read.
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return 0;
    throw error;
  }
  for (const { file, offset, length, reason } of damages) yield { kind: "damage", file, offset, length, why: reason };

  let asked: RawEntry[] = [];
  for await (const entry of readRawEntries(path, () => {})) {
    if (isReservedKey(entry.key)) continue;
    if (entry.key.byteLength === SPOOL_ID_BYTES && !newest.take(entry.key, entry.sequence)) continue;
    if (engine === null) yield* fromFile(entry);
    else {
      asked.push(entry);
      if (asked.length < MAX_ASKED) continue;
      yield* askedFor(asked, engine);
      asked = [];
    }
  }
  if (engine !== null) yield* askedFor(asked, engine);
  return newestBatch;
}

/** Values that are asked of RocksDB at once. */
const MAX_ASKED = 32;

async function* askedFor(entries: readonly RawEntry[], engine: Engine): AsyncGenerator<ShardRecord> {
  const values = await engine.getMany(entries.map(({ key }) => key));
  for (const [i, entry] of entries.entries()) {
    const value = values[i] ?? null;
    // RocksDB vouches for both: what it has, and that it has nothing, whatever old files still hold.
    if (value === null) continue;
    if (!(value instanceof Error)) yield* present(toRecord({ key: entry.key, value }, false));
    else if (entry.value !== null) yield* fromFile(entry);
    else
      yield {
        kind: "corrupt",
        key: entry.key,
        why: `it was removed, and what came after cannot be read: ${value.message}`,
      };
  }
}

function* fromFile({ key, value }: RawEntry): Generator<ShardRecord> {
  if (value !== null) yield* present(toRecord({ key, value }, true));
}

function* present(record: ShardRecord | null): Generator<ShardRecord> {
  if (record !== null) yield record;
}

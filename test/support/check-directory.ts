import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SpoolId } from "rockspool";
import { expect } from "vitest";
import {
  foldLog,
  type LogOwner,
  type RecordPlace,
  readSegment,
  type SegmentContent,
  segmentNumbers,
} from "./message-log.ts";
import { withRocksDB } from "./rocksdb.ts";
import { logPath, readMark, type ShardMark, shardName, shardOf } from "./shard-files.ts";

const PLACE_BYTES = 25;
/** The codecs that a body may have: none, snappy, LZ4, zlib, zstd. */
const CODECS = 5;
/** The newest block that the index holds. */
const APPLIED_KEY = "00";

/** What a clean close leaves of a shard's index. */
export type IndexKind = "on disk" | "in memory";

/**
 * What is true of every directory that a spool closed cleanly. Every block of the log is valid, and they are numbered
 * without a gap; the mark is clean and knows the newest; each entry of the index is a place, and all together are those
 * that the log gives. The log is read by code of the tests, and the index by RocksDB alone, so that a mistake of the
 * spool cannot hide itself.
 */
export async function checkDirectory(path: string, index: IndexKind = "on disk"): Promise<void> {
  const layout = JSON.parse(((await readFile(join(path, "rockspool.json"), "utf8")).split("\n")[0] ?? "") as string);
  const { shards, id } = layout as { shards: number; id: string };
  await Promise.all(
    Array.from({ length: shards }, (_, shard) => checkShard(path, { spool: id, shard }, { shards, index })),
  );
  expect((await readdir(path)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
}

async function checkShard(
  path: string,
  owner: LogOwner,
  { shards, index }: { shards: number; index: IndexKind },
): Promise<void> {
  const name = shardName(owner.shard);
  const mark = await readMark(path, owner.shard);
  const segments = await checkLog(path, owner, mark);
  const newest = segments.flatMap(({ blocks }) => blocks).at(-1)?.block ?? mark.synced;
  expect(mark, `the mark of ${name} after a clean close`).toMatchObject({
    ...owner,
    clean: true,
    failed: false,
    synced: newest,
    applied: { block: newest },
  });
  const places = foldLog(segments);
  for (const id of places.keys()) {
    const bytes = Buffer.from(id, "hex");
    expect(SpoolId.tryFromBytes(bytes), `${name} holds a message of the key ${id}`).not.toBeNull();
    expect(shardOf(bytes, shards), `the shard of ${id}`).toBe(owner.shard);
  }
  if (index === "on disk") await checkIndex(join(path, mark.index), places, newest);
  const indexes = (await readdir(path)).filter((entry) => new RegExp(`^${name}(-index-\\d+)?$`).test(entry));
  if (index === "on disk") expect(indexes, "no other index is left").toEqual([mark.index]);
}

/** The live segments, each read up to where the mark says that it ends. */
async function checkLog(path: string, owner: LogOwner, mark: ShardMark): Promise<SegmentContent[]> {
  const directory = logPath(path, owner.shard);
  expect(await segmentNumbers(directory), `the segments of ${directory}`).toEqual(
    mark.segments.map(([segment]) => segment),
  );
  const segments: SegmentContent[] = [];
  for (const [segment, end] of mark.segments) {
    const content = await readSegment(directory, segment, owner, end, mark.holes);
    expect(content.end, `where the blocks of segment ${segment} of ${directory} end`).toBe(end);
    segments.push(content);
  }
  const blocks = segments.flatMap((content) => content.blocks);
  for (const [i, { block, epoch }] of blocks.entries()) {
    const before = blocks[i - 1];
    if (before === undefined) continue;
    // A loss that was accepted leaves a gap before the next opening's first block, or a hole.
    if (before.epoch === epoch && mark.holes.length === 0) expect(block, `of ${directory}`).toBe(before.block + 1);
    else expect(block, `of ${directory}`).toBeGreaterThan(before.block);
  }
  return segments;
}

async function checkIndex(directory: string, expected: ReadonlyMap<string, RecordPlace>, newest: number) {
  const found = new Map<string, RecordPlace>();
  let applied = -1;
  await withRocksDB(directory, { readOnly: true }, async (db) => {
    for await (const { key, value } of db.iterator({})) {
      const hex = Buffer.from(key).toString("hex");
      if (hex === APPLIED_KEY) {
        applied = Number(Buffer.from(value).readBigUInt64BE());
        continue;
      }
      expect(value.byteLength, `the bytes of the place of ${hex} in ${directory}`).toBe(PLACE_BYTES);
      const place = readPlace(Buffer.from(value));
      expect(place.codec, `the codec of ${hex} in ${directory}`).toBeLessThan(CODECS);
      found.set(hex, place);
    }
  });
  if (newest > 0) expect(applied, `the newest block that ${directory} holds`).toBe(newest);
  expect(sorted(found), `${directory} holds what the log gives`).toEqual(sorted(expected));
}

function readPlace(value: Buffer): RecordPlace {
  return {
    epoch: value.readUInt32LE(0),
    segment: value.readUInt32LE(4),
    offset: value.readUInt32LE(8),
    storedLength: value.readUInt32LE(12),
    length: value.readUInt32LE(16),
    checksum: value.readUInt32LE(20),
    codec: value[24] as number,
  };
}

function sorted(places: ReadonlyMap<string, RecordPlace>): [string, RecordPlace][] {
  return [...places].sort(([a], [b]) => (a < b ? -1 : 1));
}

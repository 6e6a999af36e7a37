import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/**
 * A reader of message logs as `docs/on-disk-format.md` describes them, written without the product's code: a mistake
 * that writer and reader share would hide itself.
 */
const HEADER_BYTES = 64;
const RECORD_BYTES = 40;
const STORE = 1;
const REMOVE = 2;

export interface LogRecord {
  readonly op: "store" | "remove" | "cancelled";
  /** 32 hex digits. */
  readonly id: string;
  readonly place: RecordPlace;
  readonly body: Buffer;
}

/** What the index says of a message, field by field. */
export interface RecordPlace {
  readonly epoch: number;
  readonly segment: number;
  /** Of the body in the segment. */
  readonly offset: number;
  readonly storedLength: number;
  readonly length: number;
  readonly checksum: number;
  readonly codec: number;
}

export interface LogBlock {
  readonly epoch: number;
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
  readonly block: number;
  readonly syncedThrough: number;
  readonly records: readonly LogRecord[];
}

/** Whose log it is: in every header. */
export interface LogOwner {
  /** 16 hex digits. */
  readonly spool: string;
  readonly shard: number;
}

export interface SegmentContent {
  readonly segment: number;
  readonly firstBlock: number;
  readonly previous: { readonly segment: number; readonly end: number };
  readonly blocks: readonly LogBlock[];
  /** Where the blocks end: the first byte that begins no valid block. */
  readonly end: number;
  readonly bytes: number;
}

/** The numbers of the segments in a log's directory, oldest first. */
export async function segmentNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => /^\d{10}\.seg$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

export function segmentFile(directory: string, segment: number): string {
  return join(directory, `${String(segment).padStart(10, "0")}.seg`);
}

/** A stretch of a segment that holds no block. */
type Hole = readonly [segment: number, from: number, to: number];

/**
 * All blocks of a segment up to the first byte that begins none, or up to `end`, with holes passed over. Throws where
 * the segment's own header is not valid, unless holes are known.
 */
export async function readSegment(
  directory: string,
  segment: number,
  owner: LogOwner,
  end = Number.POSITIVE_INFINITY,
  holes: readonly Hole[] = [],
): Promise<SegmentContent> {
  const path = segmentFile(directory, segment);
  const file = await readFile(path);
  const header = file.subarray(0, HEADER_BYTES);
  const known = holes.filter(([of]) => of === segment);
  if (end < HEADER_BYTES || known.some(([, from]) => from <= HEADER_BYTES)) {
    // An accepted loss took the header.
    const bytes = file.byteLength;
    return { segment, firstBlock: 0, previous: { segment: 0, end: 0 }, blocks: [], end, bytes };
  }
  if (header.byteLength < HEADER_BYTES || header.readUInt32LE(60) !== crc32(header.subarray(0, 60)))
    throw new Error(`${path}: the checksum of the segment's header is wrong`);
  if (header.toString("latin1", 0, 4) !== "RSEG" || header.readUInt16LE(4) !== 2)
    throw new Error(`${path}: the header is no segment's of version 2`);
  if (header.readUInt16LE(6) !== owner.shard || header.toString("hex", 8, 16) !== owner.spool)
    throw new Error(`${path}: the segment belongs to another shard or spool`);
  if (header.readUInt32LE(20) !== segment) throw new Error(`${path}: it says it is segment ${header.readUInt32LE(20)}`);
  const blocks: LogBlock[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const hole = known.find(([, from]) => from === at);
    if (hole !== undefined) {
      at = hole[2];
      continue;
    }
    const block = readBlock(file, at, segment, owner);
    if (block === null || at + block.bytes > end) break;
    blocks.push(block);
    at += block.bytes;
  }
  return {
    segment,
    firstBlock: header.readDoubleLE(24),
    previous: { segment: header.readUInt32LE(32), end: header.readUInt32LE(36) },
    blocks,
    end: at,
    bytes: file.byteLength,
  };
}

/** The block at `at`, with the checksum of each of its bodies right; null where there is none. */
function readBlock(file: Buffer, at: number, segment: number, { spool, shard }: LogOwner): LogBlock | null {
  const header = file.subarray(at, at + HEADER_BYTES);
  if (header.byteLength < HEADER_BYTES || header.toString("latin1", 0, 4) !== "RBLK") return null;
  if (header.readUInt32LE(60) !== crc32(header.subarray(0, 60))) return null;
  const bytes = header.readUInt32LE(36);
  const count = header.readUInt32LE(40);
  const isHere =
    header.readUInt16LE(4) === 2 &&
    header.readUInt16LE(6) === shard &&
    header.toString("hex", 8, 16) === spool &&
    header.readUInt32LE(20) === segment &&
    header.readUInt32LE(32) === at;
  const table = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + count * RECORD_BYTES);
  if (!isHere || at + bytes > file.byteLength || crc32(table) !== header.readUInt32LE(44)) return null;
  const epoch = header.readUInt32LE(16);
  const records: LogRecord[] = [];
  let offset = at + HEADER_BYTES + table.byteLength;
  for (let i = 0; i < count; i++) {
    const record = table.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES);
    const storedLength = record.readUInt32LE(4);
    const checksum = record.readUInt32LE(12);
    const body = file.subarray(offset, offset + storedLength);
    const isStore = record[0] === STORE;
    if (isStore && crc32(body) !== checksum) return null;
    records.push({
      op: isStore ? "store" : record[0] === REMOVE ? "remove" : "cancelled",
      id: record.toString("hex", 16, 32),
      place: {
        epoch,
        segment,
        offset,
        storedLength,
        length: record.readUInt32LE(8),
        checksum,
        codec: record[1] as number,
      },
      body,
    });
    offset += storedLength;
  }
  if (offset !== at + bytes) return null;
  const block = header.readDoubleLE(24);
  return { epoch, segment, offset: at, bytes, block, syncedThrough: header.readDoubleLE(48), records };
}

/** Where the newest version of each message lies: what an index of these segments has to hold. */
export function foldLog(segments: readonly SegmentContent[]): Map<string, RecordPlace> {
  const places = new Map<string, RecordPlace>();
  for (const { blocks } of segments) {
    for (const { records } of blocks) {
      for (const { op, id, place } of records) {
        if (op === "store") places.set(id, place);
        else if (op === "remove") places.delete(id);
      }
    }
  }
  return places;
}

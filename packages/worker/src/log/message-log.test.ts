import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { WriteFrameReader, WriteFrameWriter, WriteOp, writeFrameBytesFor } from "@rockspool/core";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { listSegments } from "./log-directory.ts";
import type { BlockParts, LogStart } from "./log-types.ts";
import { MessageLog } from "./message-log.ts";
import { SEGMENT_HEADER_BYTES, segmentPath } from "./segment-file.ts";
import { areBodiesWhole, isGap, opOf, type ScannedBlock, scanSegment, storedLength } from "./segment-scan.ts";

const IDENTITY = { spool: "0123456789abcdef", shard: 3 };

function open(directory: string, more: Partial<LogStart> = {}): MessageLog {
  const log = new MessageLog({
    directory,
    path: directory,
    identity: IDENTITY,
    epoch: 1,
    segments: [],
    nextSegment: 1,
    block: 0,
    segmentBytes: 4096,
    fullSync: false,
    ...more,
  });
  onTestFinished(() => log.close());
  return log;
}

/** A block with a body of each length. */
function block(lengths: readonly number[], fill = 7): BlockParts {
  const bytes = writeFrameBytesFor(lengths.reduce((sum, length) => sum + length, 0));
  const writer = new WriteFrameWriter(new ArrayBuffer(bytes));
  lengths.forEach((length, i) => {
    writer.append(WriteOp.Store, Buffer.alloc(16, i + 1), Buffer.alloc(length, fill + i), false, 1e12);
  });
  const frame = new WriteFrameReader(writer.finish());
  const { table, bodies } = frame;
  let at = 0;
  lengths.forEach((length, i) => {
    table.writeUInt32LE(crc32(bodies.subarray(at, at + length)), i * 40 + 12);
    at += length;
  });
  return { records: lengths.length, table, bodies: [bodies], bodyBytes: bodies.byteLength };
}

function scanAll(directory: string): (ScannedBlock | { from: number; to: number })[] {
  return listSegments(directory).flatMap(({ segment, bytes }) => {
    const descriptor = openSync(segmentPath(directory, segment), "r");
    try {
      return [...scanSegment({ descriptor, segment, end: bytes }, IDENTITY)];
    } finally {
      closeSync(descriptor);
    }
  });
}

const anyBlocks = fc.array(fc.array(fc.nat(3000), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 });

describe("a message log", () => {
  it("holds what was appended, block for block, over all its segments", () => {
    fc.assert(
      fc.property(anyBlocks, (blocks) => {
        const directory = temporaryDirectory();
        const log = open(directory);
        const parts = blocks.map((lengths) => block(lengths));
        const half = Math.floor(parts.length / 2);
        const places = [...log.append(parts.slice(0, half)), ...log.append(parts.slice(half))];
        const found = scanAll(directory) as ScannedBlock[];
        expect(found.some(isGap)).toBe(false);
        expect(found.map(({ segment, offset, block }) => ({ segment, offset, block }))).toEqual(places);
        expect(found.map(({ block }) => block)).toEqual(blocks.map((_, i) => i + 1));
        found.forEach(({ table, records }, i) => {
          expect(records).toBe(blocks[i]?.length);
          expect(table.equals(parts[i]?.table as Buffer)).toBe(true);
        });
        // No segment is longer than it may be, unless one block alone is.
        for (const { segment, bytes } of listSegments(directory)) {
          const blocksThere = found.filter((one) => one.segment === segment).length;
          expect(bytes <= 4096 || blocksThere === 1).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("gives back each body by its place", () => {
    const log = open(temporaryDirectory());
    const [place] = log.append([block([10, 0, 2000])]);
    if (place === undefined) throw new Error("no place");
    const body = Buffer.alloc(2000);
    expect(log.read(place.segment, place.offset + 64 + 3 * 40 + 10, body)).toBe(true);
    expect(body.equals(Buffer.alloc(2000, 9))).toBe(true);
    expect(log.read(place.segment, place.offset + 64 + 3 * 40 + 11, body)).toBe(false);
    expect(log.read(99, 0, body)).toBe(false);
  });

  it("knows what is synced, and writes it into later blocks", async () => {
    const directory = temporaryDirectory();
    const log = open(directory);
    log.append([block([3000]), block([3000])]);
    expect(log.syncedThrough).toBe(0);
    await log.sync();
    expect(log.syncedThrough).toBe(2);
    log.append([block([1])]);
    expect((scanAll(directory) as ScannedBlock[]).map(({ syncedThrough }) => syncedThrough)).toEqual([0, 0, 2]);
  });

  it("unlinks only old segments, and never the one that it appends to", () => {
    const directory = temporaryDirectory();
    const log = open(directory);
    log.append([block([3000]), block([3000]), block([3000])]);
    log.unlinkBefore(2);
    expect(listSegments(directory).map(({ segment }) => segment)).toEqual([2, 3]);
    log.unlinkBefore(100);
    expect(listSegments(directory).map(({ segment }) => segment)).toEqual([3]);
    expect(log.firstSegment).toBe(3);
  });
});

describe("a scan", () => {
  it("tells where a torn block begins, and finds the blocks behind damage", () => {
    const directory = temporaryDirectory();
    const places = open(directory, { segmentBytes: 1e6 }).append([block([100]), block([200]), block([300])]);
    const file = segmentPath(directory, 1);
    const { size } = statSync(file);
    const bytes = readFileSync(file);
    const second = places[1]?.offset as number;
    const third = places[2]?.offset as number;
    bytes[second + 30] = (bytes[second + 30] as number) ^ 1;
    writeFileSync(file, bytes);
    truncateSync(file, size - 1);
    const found = scanAll(directory);
    expect(found.map((one) => (isGap(one) ? one : one.block))).toEqual([
      1,
      { from: second, to: third },
      { from: third, to: size - 1 },
    ]);
    writeFileSync(file, bytes);
    expect(scanAll(directory).map((one) => (isGap(one) ? one : one.block))).toEqual([
      1,
      { from: second, to: third },
      3,
    ]);
  });

  it("takes no block from a body, nor from another segment's file", () => {
    const directory = temporaryDirectory();
    const log = open(directory, { segmentBytes: 1e6 });
    log.append([block([100])]);
    const copy = readFileSync(segmentPath(directory, 1));
    const inside = block([copy.byteLength]);
    copy.copy(inside.bodies[0] as Buffer);
    log.append([inside]);
    // The header of the second is damaged: what follows it is a body that looks like a segment.
    const bytes = readFileSync(segmentPath(directory, 1));
    bytes[copy.byteLength] = 0;
    writeFileSync(segmentPath(directory, 1), bytes);
    expect(scanAll(directory).filter((one) => !isGap(one))).toHaveLength(1);
    writeFileSync(segmentPath(directory, 2), copy);
    expect(scanAll(directory).filter((one) => !isGap(one))).toHaveLength(1);
  });

  it("finds each flipped bit of a block: in its header, its table, or by the checksum of a body", () => {
    const directory = temporaryDirectory();
    open(directory, { segmentBytes: 1e6 }).append([block([50, 60])]);
    const file = segmentPath(directory, 1);
    const whole = readFileSync(file);
    const intact = (): boolean => {
      const descriptor = openSync(file, "r");
      try {
        const segment = { descriptor, segment: 1, end: whole.byteLength };
        const found = [...scanSegment(segment, IDENTITY)];
        return (
          found.length === 1 && !isGap(found[0] as ScannedBlock) && areBodiesWhole(segment, found[0] as ScannedBlock)
        );
      } finally {
        closeSync(descriptor);
      }
    };
    expect(intact()).toBe(true);
    for (let at = SEGMENT_HEADER_BYTES; at < whole.byteLength; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8));
      writeFileSync(file, damaged);
      expect(intact(), `byte ${at}`).toBe(false);
    }
    writeFileSync(file, whole);
    const descriptor = openSync(file, "r");
    const [found] = [...scanSegment({ descriptor, segment: 1, end: whole.byteLength }, IDENTITY)] as ScannedBlock[];
    closeSync(descriptor);
    expect([storedLength(found?.table as Buffer, 0), opOf(found?.table as Buffer, 1)]).toEqual([50, WriteOp.Store]);
  });
});

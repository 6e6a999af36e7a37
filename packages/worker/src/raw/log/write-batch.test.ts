import { expect, it } from "vitest";
import { MalformedError } from "../byte-reader.ts";
import { readBatch } from "./write-batch.ts";

function batch(count: number, ...records: (number | string)[][]): Buffer {
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(100n, 0);
  header.writeUInt32LE(count, 8);
  const parts = records.flat().map((part) => {
    return typeof part === "number" ? Buffer.of(part) : Buffer.concat([Buffer.of(part.length), Buffer.from(part)]);
  });
  return Buffer.concat([header, ...parts]);
}

it("each record of a key takes a sequence number, others take none", () => {
  const records = [
    [1, "a", "1"],
    [13],
    [3, "for readers of the log"],
    [0, "b"],
    [5, 0, "c", "3"],
    [4, 0, "d"],
    [7, "e"],
  ];
  const { entries, foreign } = readBatch(batch(5, ...records));
  expect(entries.map(({ key, value, sequence }) => [String(key), value && String(value), sequence])).toEqual([
    ["a", "1", 100n],
    ["b", null, 101n],
    ["c", "3", 102n],
    ["d", null, 103n],
    ["e", null, 104n],
  ]);
  expect(foreign).toBe(0);
});

it("merges, ranges, blobs and other column families take their number, are no entries, and are counted", () => {
  const records = [
    [2, "a", "1"],
    [15, "a", "b"],
    [17, "a", "1"],
    [5, 1, "a", "1"],
    [1, "z", ""],
  ];
  const { entries, foreign } = readBatch(batch(5, ...records));
  expect(entries.map(({ sequence }) => sequence)).toEqual([104n]);
  expect(foreign).toBe(4);
});

it.each([
  ["a count that is not right", batch(2, [1, "a", "1"])],
  ["a record of an unknown type", batch(1, [99, "a"])],
  ["a string that is longer than the batch", batch(1, [1, 200, 200, 200, 200, 15])],
  ["less than a header", Buffer.alloc(11)],
])("is not read: %s", (_, bytes) => {
  expect(() => readBatch(bytes)).toThrow(MalformedError);
});

import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SequenceTable } from "./sequence-table.ts";

describe("SequenceTable", () => {
  it("takes only the newest version of each id, once, in whatever order versions are noted", () => {
    const table = new SequenceTable();
    const ids = Array.from({ length: 3000 }, () => randomBytes(16));
    for (const [i, id] of ids.entries()) {
      const versions = i % 2 === 0 ? [5n, 900n, 7n] : [0n, 0n];
      for (const version of versions) table.note(id, version);
    }
    expect(table.size).toBe(ids.length);
    for (const [i, id] of ids.entries()) {
      const newest = i % 2 === 0 ? 900n : 0n;
      if (i % 2 === 0) expect(table.take(id, 7n)).toBe(false);
      expect(table.take(id, newest)).toBe(true);
      expect(table.take(id, newest)).toBe(false);
    }
    expect(table.take(randomBytes(16), 0n)).toBe(false);
  });

  it("distinguishes ids that differ in one byte", () => {
    const table = new SequenceTable();
    const ids = Array.from({ length: 256 }, (_, i) => Uint8Array.of(...new Array(15).fill(7), i));
    for (const [i, id] of ids.entries()) table.note(id, BigInt(i));
    for (const [i, id] of ids.entries()) expect(table.take(id, BigInt(i))).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { ROUTING, shardOf } from "./shard-of.ts";
import { SpoolId } from "./spool-id.ts";

describe("an id's shard", () => {
  it("is the CRC-32 of its 16 bytes modulo the number of shards, for ever", () => {
    expect(ROUTING).toBe("crc32(id) % shards");
    // Reckoned by zlib's crc32 in Python.
    const vectors: [string, number][] = [
      ["d2c4a5e0586a11ef9b2ac5abcdef0123", 0xf26deb3f],
      ["00000000000010008000000000000000", 0x982e4f67],
      ["ffffffffffff1fffbfffffffffffffff", 0x21cc0986],
      ["2b1a9f00c0de11ee8123456789abcdef", 0x18acbeab],
    ];
    for (const [hex, crc] of vectors) {
      const { bytes } = SpoolId.fromBytes(Buffer.from(hex, "hex"));
      for (const shards of [1, 2, 3, 7, 8, 256]) expect(shardOf(bytes, shards), hex).toBe(crc % shards);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("is any of %i as often as another, for ids as they are generated", (shards) => {
    const IDS = 20_000;
    const counts = Array<number>(shards).fill(0);
    for (let i = 0; i < IDS; i++) counts[shardOf(SpoolId.generate().bytes, shards)]! += 1;
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(IDS);
    const expected = IDS / shards;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // With 7 degrees of freedom chance alone goes above 40 once in a million times; a shard that is left out, far above.
    expect(chiSquare).toBeLessThan(40);
  });
});

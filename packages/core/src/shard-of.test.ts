import { describe, expect, it } from "vitest";
import { ROUTING, shardOf } from "./shard-of.ts";
import { SpoolId } from "./spool-id.ts";

describe("an id's shard", () => {
  it("is the CRC-32 of its 16 bytes modulo the number of shards: spools on disk depend on it", () => {
    expect(ROUTING).toBe("crc32(id) % shards");
    // Computed with Python's zlib.crc32.
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

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("is each of %i shards equally often, for generated ids", (shards) => {
    const IDS = 20_000;
    const counts = Array<number>(shards).fill(0);
    for (let i = 0; i < IDS; i++) counts[shardOf(SpoolId.generate().bytes, shards)]! += 1;
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(IDS);
    const expected = IDS / shards;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // With 7 degrees of freedom, chance exceeds 40 once in a million; a shard without ids is far above.
    expect(chiSquare).toBeLessThan(40);
  });
});

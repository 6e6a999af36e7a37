import { expect, it } from "vitest";
import { Checksums, CRC32C, contextBase, contextModifier, XXH3 } from "./checksum.ts";

it("masks a CRC-32C, and mixes the last byte into an XXH3 separately", async () => {
  const checksums = await Checksums.load();
  const text = Buffer.from("123456789");
  // The check value of CRC-32C is e3069283.
  const crc = 0xe3069283;
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  expect(checksums.maskedCrc32c(text)).toBe(masked);
  expect(checksums.ofTable(CRC32C, text)).toBe(masked);
  // The XXH3 of no bytes, with seed 0, is 2d06800538d394c2.
  expect(checksums.ofTable(XXH3, Buffer.of(0))).toBe(0x38d394c2);
  expect(checksums.ofTable(XXH3, Buffer.of(1))).toBe((0x38d394c2 ^ 0x6b9083d9) >>> 0);
});

it.each([0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 12_345])(
  "finds the base that made a checksum at offset %i",
  (offset) => {
    for (const base of [1, 0x7fff_ffff, 0xffff_ffff]) {
      const computed = 0xfeed_f00d;
      const stored = (computed + contextModifier(base, offset)) >>> 0;
      expect(contextBase(stored, computed, offset)).toBe(base);
    }
  },
);

import { deflateRawSync } from "node:zlib";
import { SpoolId } from "@rockspool/core";
import { mean } from "simple-statistics";
import { describe, expect, it } from "vitest";
import { indexOf, keyOf } from "./keys.ts";
import { mailSizes } from "./mail-sizes.ts";
import { Payloads } from "./payloads.ts";

describe("keys", () => {
  it.each([0, 1, 255, 256, 65_537, 4_294_967_295])(
    "of message %i are ids of a spool, are in the past, and contain the index",
    (index) => {
      const key = keyOf(index);
      expect(indexOf(key)).toBe(index);
      const id = SpoolId.fromBytes(key);
      expect(id.createdMs).toBeLessThan(Date.now());
    },
  );

  it("rise with the index", () => {
    const keys = [0, 1, 300, 70_000, 20_000_000].map((index) => Buffer.from(keyOf(index)));
    expect([...keys].sort(Buffer.compare)).toEqual(keys);
  });
});

describe("mailSizes", () => {
  it("has mostly small messages, a few large ones, and the same sizes each time", () => {
    const sizes = mailSizes(512);
    expect(mailSizes(512)).toEqual(sizes);
    const sorted = [...sizes].sort((a, b) => a - b);
    expect(sorted[256]).toBeLessThan(10_000);
    expect(sorted[0]).toBeGreaterThanOrEqual(1_500);
    expect(sorted[511]).toBeGreaterThan(900_000);
    expect(mean(sizes)).toBeGreaterThan(25_000);
    expect(mean(sizes)).toBeLessThan(35_000);
  });

  it("mixes small and large messages", () => {
    const sizes = mailSizes(512);
    for (let from = 0; from < 512; from += 64) {
      const stretch = sizes.slice(from, from + 64);
      expect(Math.min(...stretch)).toBeLessThan(7_000);
      expect(Math.max(...stretch)).toBeGreaterThan(28_000);
    }
  });
});

describe("Payloads", () => {
  it.each([256, 1024, 1024 * 1024])("has different messages of %i bytes", (bytes) => {
    const payloads = new Payloads(bytes, "random");
    expect(payloads.at(0).byteLength).toBe(bytes);
    expect(Buffer.from(payloads.at(0)).equals(payloads.at(1))).toBe(false);
  });

  it("compress as text, not as random bytes", () => {
    const share = (kind: "random" | "text"): number =>
      deflateRawSync(new Payloads(16_384, kind).at(0)).byteLength / 16_384;
    expect(share("text")).toBeLessThan(0.5);
    expect(share("random")).toBeGreaterThan(0.99);
  });
});

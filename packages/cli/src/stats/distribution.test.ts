import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Distribution } from "./distribution.ts";

function distributionOf(values: readonly number[]): Distribution {
  const distribution = new Distribution();
  for (const value of values) distribution.add(value);
  return distribution;
}

describe("Distribution", () => {
  it("has the exact count, sum, minimum and maximum", () => {
    const d = distributionOf([5, 1_000_000, 17, 17]);
    expect([d.count, d.sum, d.min, d.max, d.mean]).toEqual([4, 1_000_039, 5, 1_000_000, 250_009.75]);
  });

  it("is all zeros when nothing was added", () => {
    const d = new Distribution();
    expect([d.count, d.mean, d.percentile(50), d.max]).toEqual([0, 0, 0, 0]);
    expect(d.octaves()).toEqual([]);
  });

  it("has exact percentiles of small numbers", () => {
    const d = distributionOf(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect([50, 75, 90, 95, 99, 100].map((p) => d.percentile(p))).toEqual([500, 750, 900, 950, 990, 1000]);
  });

  it("has percentiles within 0.1 % of those of the sorted numbers", () => {
    const value = fc.oneof(fc.nat(3000), fc.nat(1 << 21), fc.nat(2 ** 31 - 1));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.constantFrom(0, 50, 90, 95, 99, 100), (values, percent) => {
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil((percent / 100) * values.length)) - 1] as number;
        const found = distributionOf(values).percentile(percent);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found - exact).toBeLessThanOrEqual(exact < 2048 ? 0 : exact / 1000);
      }),
    );
  });

  it("counts every number in its octave", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 31 - 1)), (values) => {
        const octaves = distributionOf(values).octaves();
        for (const { from, to, count } of octaves) {
          expect(count).toBe(values.filter((value) => value >= from && value < to).length);
        }
        expect(octaves.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      }),
    );
  });

  it("has an octave for 0, and lists empty octaves between others", () => {
    expect(distributionOf([0, 0, 1, 4]).octaves()).toEqual([
      { from: 0, to: 1, count: 2 },
      { from: 1, to: 2, count: 1 },
      { from: 2, to: 4, count: 0 },
      { from: 4, to: 8, count: 1 },
    ]);
  });
});

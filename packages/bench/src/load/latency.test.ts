import { describe, expect, it } from "vitest";
import { Latency } from "./latency.ts";

describe("Latency", () => {
  it("has percentiles of three digits, and the exact worst", () => {
    const latency = new Latency();
    for (let tenth = 10_000; tenth > 0; tenth--) latency.add(tenth / 10);
    latency.add(1234.56789);
    const summary = latency.summary;
    expect(summary?.count).toBe(10_001);
    expect(summary?.p50).toBeCloseTo(500, -1);
    expect(summary?.p90).toBeCloseTo(900, -1);
    expect(summary?.p99).toBeCloseTo(990, -1);
    expect(summary?.p999).toBeCloseTo(999, -1);
    expect(summary?.worst).toBe(1234.56789);
    expect(summary?.mean).toBeCloseTo(500.1, 0);
  });

  it("resolves microseconds", () => {
    const latency = new Latency();
    for (const ms of [0.004, 0.005, 0.006]) latency.add(ms);
    expect(latency.summary?.p50).toBeCloseTo(0.005, 6);
  });

  it("records a latency of an hour", () => {
    const latency = new Latency();
    latency.add(3_600_000);
    expect(latency.summary).toMatchObject({ count: 1, worst: 3_600_000 });
  });

  it("has no summary if nothing was added", () => {
    expect(new Latency().summary).toBeNull();
  });
});

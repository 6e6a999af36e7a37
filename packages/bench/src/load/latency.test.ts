import { describe, expect, it } from "vitest";
import { Latency } from "./latency.ts";

describe("Latency", () => {
  it("knows percentiles to three figures, and the worst exactly", () => {
    const latency = new Latency();
    for (let tenth = 10_000; tenth > 0; tenth--) latency.add(tenth / 10);
    latency.add(1234.56789);
    const figures = latency.figures;
    expect(figures?.count).toBe(10_001);
    expect(figures?.p50).toBeCloseTo(500, -1);
    expect(figures?.p90).toBeCloseTo(900, -1);
    expect(figures?.p99).toBeCloseTo(990, -1);
    expect(figures?.p999).toBeCloseTo(999, -1);
    expect(figures?.worst).toBe(1234.56789);
    expect(figures?.mean).toBeCloseTo(500.1, 0);
  });

  it("tells microseconds apart", () => {
    const latency = new Latency();
    for (const ms of [0.004, 0.005, 0.006]) latency.add(ms);
    expect(latency.figures?.p50).toBeCloseTo(0.005, 6);
  });

  it("takes what lasts longer than anybody expected", () => {
    const latency = new Latency();
    latency.add(3_600_000);
    expect(latency.figures).toMatchObject({ count: 1, worst: 3_600_000 });
  });

  it("has no figures of nothing", () => {
    expect(new Latency().figures).toBeNull();
  });
});

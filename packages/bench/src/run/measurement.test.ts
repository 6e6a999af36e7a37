import { describe, expect, it } from "vitest";
import { Measurement } from "./measurement.ts";

const close = async (): Promise<void> => {};

describe("Measurement", () => {
  it("counts what ends between the warm-up and the end, and times what ends after it too", async () => {
    const measurement = new Measurement(100, 200);
    measurement.done(0, 99);
    measurement.done(90, 110);
    measurement.done(100, 150);
    measurement.done(120, 200);
    measurement.done(130, 950);
    const result = await measurement.finish(null, close, true);
    expect(result).toMatchObject({ operations: 3, seconds: 0.1, perSecond: 30 });
    expect(result.latency).toMatchObject({ count: 4, worst: 820 });
    expect(result.writtenPerByte).toBeNull();
  });

  it("times the first operation whole where nothing warms up, and all until the last", async () => {
    const measurement = new Measurement(1000, Number.POSITIVE_INFINITY);
    measurement.done(1000, 1500);
    measurement.done(1500, 3000);
    const result = await measurement.finish(null, close, true);
    expect(result).toMatchObject({ operations: 2, seconds: 2, perSecond: 1 });
  });

  it("weighs what is not timed singly", async () => {
    const measurement = new Measurement(0, Number.POSITIVE_INFINITY);
    measurement.done(0, 500, 5000);
    const result = await measurement.finish(null, close, false);
    expect(result).toMatchObject({ operations: 5000, perSecond: 10_000, latency: null });
  });

  it("fails where nothing ended in time: a rate of nothing would be a figure like others", async () => {
    const measurement = new Measurement(100, 200);
    measurement.done(50, 300);
    await expect(measurement.finish(null, close, true)).rejects.toThrow("nothing ended");
  });

  it("counts what close writes among the bytes for the disk", async () => {
    const order: string[] = [];
    const measurement = new Measurement(0, Number.POSITIVE_INFINITY);
    measurement.done(0, 1);
    const result = await measurement.finish(1000, async () => void order.push("closed"), true);
    expect(order).toEqual(["closed"]);
    if (process.platform === "linux") expect(result.writtenPerByte).toBeGreaterThanOrEqual(0);
  });
});

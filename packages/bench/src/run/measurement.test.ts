import { describe, expect, it } from "vitest";
import { Measurement } from "./measurement.ts";

const close = async (): Promise<void> => {};

describe("Measurement", () => {
  it("counts operations that end in the measured time, and latencies also of later ones", async () => {
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

  it("starts with the first operation if there is no warm-up, and ends with the last", async () => {
    const measurement = new Measurement(1000, Number.POSITIVE_INFINITY);
    measurement.done(1000, 1500);
    measurement.done(1500, 3000);
    const result = await measurement.finish(null, close, true);
    expect(result).toMatchObject({ operations: 2, seconds: 2, perSecond: 1 });
  });

  it("counts operations by weight if they are not timed one by one", async () => {
    const measurement = new Measurement(0, Number.POSITIVE_INFINITY);
    measurement.done(0, 500, 5000);
    const result = await measurement.finish(null, close, false);
    expect(result).toMatchObject({ operations: 5000, perSecond: 10_000, latency: null });
  });

  it("rejects if no operation ended in the measured time", async () => {
    const measurement = new Measurement(100, 200);
    measurement.done(50, 300);
    await expect(measurement.finish(null, close, true)).rejects.toThrow("no operation ended");
  });

  it("includes the writes of close in the bytes written", async () => {
    const order: string[] = [];
    const measurement = new Measurement(0, Number.POSITIVE_INFINITY);
    measurement.done(0, 1);
    const result = await measurement.finish(1000, async () => void order.push("closed"), true);
    expect(order).toEqual(["closed"]);
    if (process.platform === "linux") expect(result.writtenPerByte).toBeGreaterThanOrEqual(0);
  });
});

import { describe, expect, it } from "vitest";
import { InFlight } from "./in-flight.ts";

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("InFlight", () => {
  it("runs no more tasks, and holds no more bytes, than its limits", async () => {
    const inFlight = new InFlight(4, 100);
    let tasks = 0;
    let bytes = 0;
    let mostTasks = 0;
    let mostBytes = 0;
    for (let i = 0; i < 50; i++) {
      const size = (i * 7) % 40;
      await inFlight.add(size, async () => {
        mostTasks = Math.max(mostTasks, ++tasks);
        bytes += size;
        mostBytes = Math.max(mostBytes, bytes);
        await tick();
        tasks--;
        bytes -= size;
      });
    }
    await inFlight.settled();
    expect(tasks).toBe(0);
    expect(mostTasks).toBe(4);
    expect(mostBytes).toBeLessThanOrEqual(100);
  });

  it("runs a task alone that is larger than the limit on bytes", async () => {
    const inFlight = new InFlight(4, 100);
    const order: string[] = [];
    await inFlight.add(60, async () => {
      await tick();
      order.push("small");
    });
    await inFlight.add(1000, async () => {
      order.push("huge");
    });
    await inFlight.settled();
    expect(order).toEqual(["small", "huge"]);
  });

  it("throws the first failure once, after the other tasks have ended", async () => {
    const inFlight = new InFlight(2, 100);
    let finished = 0;
    await inFlight.add(1, async () => {
      await tick();
      throw new Error("first");
    });
    await inFlight.add(1, async () => {
      await tick();
      await tick();
      finished++;
    });
    await expect(inFlight.settled()).rejects.toThrow("first");
    expect(finished).toBe(1);
    await inFlight.settled();
  });
});

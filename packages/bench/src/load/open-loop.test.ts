import { describe, expect, it } from "vitest";
import { openLoop } from "./open-loop.ts";

/** A clock that the test moves, with one timer. */
class ManualClock {
  ms = 0;
  callback: (() => void) | null = null;
  readonly now = (): number => this.ms;
  readonly later = (callback: () => void): void => {
    this.callback = callback;
  };

  async to(ms: number): Promise<void> {
    this.ms = ms;
    const { callback } = this;
    this.callback = null;
    callback?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("openLoop", () => {
  it("sends each operation when it is due, although none has ended", async () => {
    const clock = new ManualClock();
    const sent: [index: number, ms: number][] = [];
    const operation = (index: number): Promise<void> => {
      sent.push([index, clock.ms]);
      return new Promise(() => {});
    };
    void openLoop({ ratePerSecond: 1000, count: 5, operation, onDone: () => {}, ...timing(clock) });
    await clock.to(1);
    await clock.to(3.5);
    await clock.to(100);
    expect(sent).toEqual([
      [0, 0],
      [1, 1],
      [2, 3.5],
      [3, 3.5],
      [4, 100],
    ]);
    expect(clock.callback).toBeNull();
  });

  it("counts a latency from when the operation was due, not from when it was sent", async () => {
    const clock = new ManualClock();
    const latencies: number[] = [];
    const operation = async (index: number): Promise<void> => {
      // The first one blocks the thread for 50 ms, so the others are sent late.
      if (index === 0) clock.ms = 50;
    };
    const onDone = (intended: number, ended: number): void => void latencies.push(ended - intended);
    const loop = openLoop({ ratePerSecond: 100, count: 6, operation, onDone, ...timing(clock) });
    await clock.to(50);
    await loop;
    // Due at 0, 10, 20, 30, 40 and 50 ms; all ended at 50 ms.
    expect(latencies).toEqual([50, 40, 30, 20, 10, 0]);
  });

  it("resolves when the slowest has ended", async () => {
    const clock = new ManualClock();
    const ends: (() => void)[] = [];
    const operation = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    let over = false;
    const loop = openLoop({ ratePerSecond: 1000, count: 2, operation, onDone: () => {}, ...timing(clock) }).then(() => {
      over = true;
    });
    await clock.to(5);
    ends[1]?.();
    await clock.to(6);
    expect(over).toBe(false);
    ends[0]?.();
    await loop;
  });

  it("sends no more after a failure, and rejects with it", async () => {
    const clock = new ManualClock();
    let sent = 0;
    const operation = async (): Promise<void> => {
      sent++;
      throw new Error("full");
    };
    const loop = openLoop({ ratePerSecond: 1000, count: 100, operation, onDone: () => {}, ...timing(clock) });
    await expect(loop).rejects.toThrow("full");
    await clock.to(50);
    expect(sent).toBe(1);
  });
});

function timing({ now, later }: ManualClock): Pick<ManualClock, "now" | "later"> {
  return { now, later };
}

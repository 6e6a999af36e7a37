import { describe, expect, it } from "vitest";
import { openLoop } from "./open-loop.ts";

/** A clock that is moved by hand, and the callback that waits for it. */
class Hand {
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
  it("sends what is due by the clock, whatever becomes of it", async () => {
    const hand = new Hand();
    const sent: [index: number, ms: number][] = [];
    const operation = (index: number): Promise<void> => {
      sent.push([index, hand.ms]);
      return new Promise(() => {});
    };
    void openLoop({ ratePerSecond: 1000, count: 5, operation, onDone: () => {}, ...handles(hand) });
    await hand.to(1);
    await hand.to(3.5);
    await hand.to(100);
    expect(sent).toEqual([
      [0, 0],
      [1, 1],
      [2, 3.5],
      [3, 3.5],
      [4, 100],
    ]);
    expect(hand.callback).toBeNull();
  });

  it("counts a latency from when an operation was meant to be sent, not from when it was", async () => {
    const hand = new Hand();
    const latencies: number[] = [];
    const operation = async (index: number): Promise<void> => {
      // The first one holds the thread for 50 ms: nobody else is sent meanwhile.
      if (index === 0) hand.ms = 50;
    };
    const onDone = (intended: number, ended: number): void => void latencies.push(ended - intended);
    const loop = openLoop({ ratePerSecond: 100, count: 6, operation, onDone, ...handles(hand) });
    await hand.to(50);
    await loop;
    // Meant for 0, 10, 20, 30, 40 and 50 ms; all ended at 50.
    expect(latencies).toEqual([50, 40, 30, 20, 10, 0]);
  });

  it("waits for the slowest", async () => {
    const hand = new Hand();
    const ends: (() => void)[] = [];
    const operation = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    let over = false;
    const loop = openLoop({ ratePerSecond: 1000, count: 2, operation, onDone: () => {}, ...handles(hand) }).then(() => {
      over = true;
    });
    await hand.to(5);
    ends[1]?.();
    await hand.to(6);
    expect(over).toBe(false);
    ends[0]?.();
    await loop;
  });

  it("sends no more after a failure, and rejects with it", async () => {
    const hand = new Hand();
    let sent = 0;
    const operation = async (): Promise<void> => {
      sent++;
      throw new Error("full");
    };
    const loop = openLoop({ ratePerSecond: 1000, count: 100, operation, onDone: () => {}, ...handles(hand) });
    await expect(loop).rejects.toThrow("full");
    await hand.to(50);
    expect(sent).toBe(1);
  });
});

function handles({ now, later }: Hand): Pick<Hand, "now" | "later"> {
  return { now, later };
}

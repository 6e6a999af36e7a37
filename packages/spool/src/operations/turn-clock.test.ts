import { beforeEach, describe, expect, it, vi } from "vitest";
import { secondsSince, turnTicks } from "./turn-clock.ts";

let nowMs = 0;
/** How often the clock was read. */
let readings = 0;

/** Ends this turn, and with it the time that was read. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

beforeEach(async () => {
  vi.spyOn(performance, "now").mockImplementation(() => {
    readings++;
    return nowMs;
  });
  await nextTurn();
  nowMs = 1000;
  readings = 0;
});

describe("the turn clock", () => {
  it("counts 40 ticks a millisecond, rounded down", () => {
    nowMs = 1000.06;
    expect(turnTicks()).toBe(40_002);
  });

  it("reads the clock once for 64 calls, and then again", () => {
    const begun = turnTicks();
    nowMs = 1001;
    for (let call = 2; call <= 64; call++) expect(turnTicks(), `call ${call}`).toBe(begun);
    expect(readings).toBe(1);
    expect(turnTicks()).toBe(begun + 40);
    expect(readings).toBe(2);
  });

  it("reads the clock again in the first call of the next turn", async () => {
    const begun = turnTicks();
    await nextTurn();
    nowMs = 1500;
    expect(secondsSince(begun)).toBe(0.5);
    nowMs = 1600;
    expect(secondsSince(begun)).toBe(0.5);
    expect(readings).toBe(2);
  });

  it("reads the clock again in each turn, however many calls the one before it had", async () => {
    for (let call = 0; call < 100; call++) turnTicks();
    for (const ms of [2000, 3000, 4000]) {
      await nextTurn();
      nowMs = ms;
      expect(turnTicks()).toBe(ms * 40);
    }
  });

  it.each([
    ["the largest positive tick", 2 ** 31 / 40],
    ["the 32 bits of a tick", 2 ** 32 / 40],
  ])("measures a duration across %s", async (_, endMs) => {
    nowMs = endMs - 100;
    const begun = turnTicks();
    await nextTurn();
    nowMs = endMs + 150;
    expect(secondsSince(begun)).toBeCloseTo(0.25, 6);
  });

  it("measures a day, the longest duration of an operation", async () => {
    nowMs = 2 ** 32 / 40 - 1;
    const begun = turnTicks();
    await nextTurn();
    nowMs += 86_400_000;
    expect(secondsSince(begun)).toBeCloseTo(86_400, 3);
  });
});

import { beforeEach, describe, expect, it, vi } from "vitest";
import { secondsSince, turnTicks } from "./turn-clock.ts";

/** What the clock shows, in milliseconds, and how often it was looked at. */
let nowMs = 0;
let looks = 0;

/** The rest of this turn is over, and what it knew of the time forgotten. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

beforeEach(async () => {
  vi.spyOn(performance, "now").mockImplementation(() => {
    looks++;
    return nowMs;
  });
  await nextTurn();
  nowMs = 1000;
  looks = 0;
});

describe("the clock of a turn", () => {
  it("shows 40 ticks for each millisecond, whole ones", () => {
    nowMs = 1000.06;
    expect(turnTicks()).toBe(40_002);
  });

  it("is looked at once for 64 questions, and then again", () => {
    const begun = turnTicks();
    nowMs = 1001;
    for (let question = 2; question <= 64; question++) expect(turnTicks(), `question ${question}`).toBe(begun);
    expect(looks).toBe(1);
    expect(turnTicks()).toBe(begun + 40);
    expect(looks).toBe(2);
  });

  it("is looked at again in the next turn, by its first question alone", async () => {
    const begun = turnTicks();
    await nextTurn();
    nowMs = 1500;
    expect(secondsSince(begun)).toBe(0.5);
    nowMs = 1600;
    expect(secondsSince(begun)).toBe(0.5);
    expect(looks).toBe(2);
  });

  it("forgets the time at the end of each turn, however many questions the one before it had", async () => {
    for (let question = 0; question < 100; question++) turnTicks();
    for (const ms of [2000, 3000, 4000]) {
      await nextTurn();
      nowMs = ms;
      expect(turnTicks()).toBe(ms * 40);
    }
  });

  it.each([
    ["the sign of a tick", 2 ** 31 / 40],
    ["all 32 bits of a tick", 2 ** 32 / 40],
  ])("measures across the end of %s", async (_, endMs) => {
    nowMs = endMs - 100;
    const begun = turnTicks();
    await nextTurn();
    nowMs = endMs + 150;
    expect(secondsSince(begun)).toBeCloseTo(0.25, 6);
  });

  it("measures a day, the longest that an operation may take", async () => {
    nowMs = 2 ** 32 / 40 - 1;
    const begun = turnTicks();
    await nextTurn();
    nowMs += 86_400_000;
    expect(secondsSince(begun)).toBeCloseTo(86_400, 3);
  });
});

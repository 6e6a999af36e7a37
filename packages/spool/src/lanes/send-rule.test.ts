import { expect, it } from "vitest";
import { MAX_FRAMES_IN_FLIGHT, maySend } from "./send-rule.ts";

const PLAIN = false;
const SYNC = true;

it.each([
  // sync, full, records, and whether it may be sent beside 0, 1, 2 and 3 frames of its kind
  [PLAIN, false, 1, [true, false, false, false]],
  [PLAIN, false, 15, [true, false, false, false]],
  [PLAIN, false, 16, [true, true, false, false]],
  [PLAIN, true, 1, [true, true, false, false]],
  [SYNC, false, 1, [true, false, false, false]],
  [SYNC, false, 256, [true, false, false, false]],
  [SYNC, true, 1, [true, true, true, false]],
])("a frame (waits for a sync: %s, full: %s, %i records) is sent beside 0 to 3 of its kind: %j", (...row) => {
  const [sync, full, records, expected] = row;
  expect([0, 1, 2, 3].map((inFlight) => maySend(sync, full, records, inFlight))).toEqual(expected);
});

it("at most five frames of both kinds are in flight", () => {
  expect(MAX_FRAMES_IN_FLIGHT).toBe(5);
});

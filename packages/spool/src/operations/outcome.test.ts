import {
  SpoolBackpressureTimeoutError,
  SpoolCallerDeadlineExceededError,
  SpoolClosedError,
  SpoolConfigError,
  SpoolEngineError,
  SpoolFullError,
  SpoolLockedError,
  SpoolNotFoundError,
  SpoolShardLostError,
  SpoolTooLargeError,
  SpoolUnhealthyError,
} from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { OUTCOME_LABELS, Outcome, outcomeOf } from "./outcome.ts";

describe("an outcome", () => {
  it.each([
    [new SpoolUnhealthyError(), "unhealthy"],
    [new SpoolFullError(), "full"],
    [new SpoolCallerDeadlineExceededError("unknown"), "caller_deadline"],
    [new SpoolBackpressureTimeoutError(1, "unknown"), "backpressure_timeout"],
    [new SpoolNotFoundError("id"), "absent"],
    [new SpoolEngineError("it is broken", { kind: "io", path: "/" }), "engine"],
    [new SpoolTooLargeError(2, 1), "too_large"],
    [new SpoolLockedError("/"), "engine"],
    [new SpoolShardLostError(0), "shard_lost"],
    [new SpoolClosedError(), "closed"],
    [new SpoolConfigError("data", 1, "bytes"), "other"],
    [new Error("anything else"), "other"],
    ["no error at all", "other"],
    [undefined, "other"],
  ])("of %o is %s", (error, label) => {
    expect(OUTCOME_LABELS[outcomeOf(error)]).toBe(label);
  });

  it("has consecutive numbers from 0, and a label of its own for each", () => {
    const numbers = Object.values(Outcome);
    expect(numbers).toEqual([...numbers.keys()]);
    expect(new Set(Object.values(OUTCOME_LABELS)).size).toBe(numbers.length);
  });
});

import { describe, expect, it } from "vitest";
import {
  FULL_REASON,
  SpoolBackpressureTimeoutError,
  SpoolCallerDeadlineExceededError,
  SpoolClosedError,
  SpoolConfigError,
  SpoolEngineError,
  SpoolError,
  SpoolFullError,
  SpoolLockedError,
  SpoolNotFoundError,
  SpoolShardLostError,
  SpoolTooLargeError,
  SpoolUnhealthyError,
  UNHEALTHY_REASON,
} from "./errors.ts";

const ID = "c232ab00941411ecb3c89f6bdeced846";
const CAUSE = new Error("underneath");

interface Case {
  readonly error: SpoolError;
  readonly type: abstract new (...args: never[]) => SpoolError;
  readonly code: string;
  readonly message: string;
  /** Undefined if it is no error of a write: then it has no such property. */
  readonly outcome?: "not-written" | "unknown";
  /** Its fields besides `code`. */
  readonly fields?: object;
}

const CASES: readonly Case[] = [
  {
    error: new SpoolUnhealthyError(),
    type: SpoolUnhealthyError,
    code: "SPOOL_UNHEALTHY",
    message: "the spool is not accepting writes",
    outcome: "not-written",
  },
  {
    error: new SpoolFullError(),
    type: SpoolFullError,
    code: "SPOOL_FULL",
    message: "the spool storage is too full",
    outcome: "not-written",
  },
  {
    error: new SpoolCallerDeadlineExceededError("not-written"),
    type: SpoolCallerDeadlineExceededError,
    code: "SPOOL_CALLER_DEADLINE",
    message: "the caller's deadline came before the spool could finish the write",
    outcome: "not-written",
  },
  {
    error: new SpoolBackpressureTimeoutError(30_000, "unknown"),
    type: SpoolBackpressureTimeoutError,
    code: "SPOOL_BACKPRESSURE_TIMEOUT",
    message: "the spool could not finish the write within its storeDeadline of 30000 ms",
    outcome: "unknown",
    fields: { deadlineMs: 30_000 },
  },
  {
    error: new SpoolNotFoundError(ID),
    type: SpoolNotFoundError,
    code: "SPOOL_NOT_FOUND",
    message: `no such key ${ID}`,
    fields: { id: ID },
  },
  {
    error: new SpoolEngineError("the disk is gone", { kind: "io", path: "/data/shard-000" }),
    type: SpoolEngineError,
    code: "SPOOL_ENGINE",
    message: "the disk is gone",
    fields: { kind: "io", path: "/data/shard-000" },
  },
  {
    error: new SpoolEngineError("two shards", { kind: "other", path: "/a", shards: [0, 3], outcome: "unknown" }),
    type: SpoolEngineError,
    code: "SPOOL_ENGINE",
    message: "two shards",
    outcome: "unknown",
    fields: { kind: "other", path: "/a", shards: [0, 3] },
  },
  {
    error: new SpoolTooLargeError(70, 64),
    type: SpoolTooLargeError,
    code: "SPOOL_TOO_LARGE",
    message: "a message of 70 bytes is larger than maxPendingBytes, 64 bytes",
    outcome: "not-written",
    fields: { size: 70, limit: 64 },
  },
  {
    error: new SpoolLockedError("/data"),
    type: SpoolLockedError,
    code: "SPOOL_LOCKED",
    message: "/data is open in another process or by another spool of this one",
    fields: { path: "/data" },
  },
  {
    error: new SpoolShardLostError(2),
    type: SpoolShardLostError,
    code: "SPOOL_SHARD_LOST",
    message: "the thread of shard 2 died with the operation in it",
    fields: { shard: 2 },
  },
  {
    error: new SpoolShardLostError(0, { outcome: "unknown" }),
    type: SpoolShardLostError,
    code: "SPOOL_SHARD_LOST",
    message: "the thread of shard 0 died with the operation in it",
    outcome: "unknown",
    fields: { shard: 0 },
  },
  {
    error: new SpoolClosedError(),
    type: SpoolClosedError,
    code: "SPOOL_CLOSED",
    message: "the spool is shut down",
  },
  {
    error: new SpoolClosedError("not-written"),
    type: SpoolClosedError,
    code: "SPOOL_CLOSED",
    message: "the spool is shut down",
    outcome: "not-written",
  },
  {
    error: new SpoolConfigError("params.logLevel", "debug", 'only "info" is possible here'),
    type: SpoolConfigError,
    code: "SPOOL_CONFIG",
    message: 'params.logLevel is "debug": only "info" is possible here',
    fields: { field: "params.logLevel", value: "debug", allowed: 'only "info" is possible here' },
  },
];

describe.each(CASES)("$type.name ($outcome): $message", ({ error, type, code, message, outcome, fields }) => {
  it("is an Error, a SpoolError and itself", () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(SpoolError);
    expect(error).toBeInstanceOf(type);
    expect(error.name).toBe(type.name);
    expect(String(error)).toBe(`${type.name}: ${message}`);
  });

  it("has its code, its message and no other field than its own", () => {
    expect(error.code).toBe(code);
    expect(error.message).toBe(message);
    expect({ ...error }).toStrictEqual({
      name: type.name,
      code,
      ...fields,
      ...(outcome !== undefined && { outcome }),
    });
  });

  it("has an own `outcome` only if it is an error of a write", () => {
    expect(Object.hasOwn(error, "outcome")).toBe(outcome !== undefined);
    expect(error.outcome).toBe(outcome);
  });

  it("has no own `cause` by default", () => {
    expect(Object.hasOwn(error, "cause")).toBe(false);
  });

  it("has a stack that shows where it was made", () => {
    expect(error.stack).toContain("errors.test");
  });
});

it("every class is in the table, and every code has one class", () => {
  const codes = new Map(CASES.map(({ code, type }) => [code, type]));
  expect([...codes.keys()].sort()).toStrictEqual([
    "SPOOL_BACKPRESSURE_TIMEOUT",
    "SPOOL_CALLER_DEADLINE",
    "SPOOL_CLOSED",
    "SPOOL_CONFIG",
    "SPOOL_ENGINE",
    "SPOOL_FULL",
    "SPOOL_LOCKED",
    "SPOOL_NOT_FOUND",
    "SPOOL_SHARD_LOST",
    "SPOOL_TOO_LARGE",
    "SPOOL_UNHEALTHY",
  ]);
  expect(new Set(codes.values()).size).toBe(codes.size);
});

it("unhealthyReason() and the errors have the same texts", () => {
  expect(new SpoolUnhealthyError().message).toBe(UNHEALTHY_REASON);
  expect(new SpoolFullError().message).toBe(FULL_REASON);
});

it("SpoolUnhealthyError can have the outcome unknown", () => {
  expect(new SpoolUnhealthyError("unknown").outcome).toBe("unknown");
});

it.each([
  new SpoolEngineError("text", { kind: "corruption", path: "/p", cause: CAUSE }),
  new SpoolLockedError("/p", CAUSE),
  new SpoolShardLostError(1, { cause: CAUSE }),
  new SpoolConfigError("path", 3, "must be text", { cause: CAUSE }),
])("$name keeps the cause it was given", (error) => {
  expect(error.cause).toBe(CAUSE);
});

describe("the value in a SpoolConfigError", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  it.each([
    ["text", "a", '"a"'],
    ["a number", 3, "3"],
    ["not a number", Number.NaN, "NaN"],
    ["a bigint, which JSON refuses", 3n, "3"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["an object", { a: [1] }, '{"a":[1]}'],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a cycle", cycle, "[object Object]"],
    ["a long text", "x".repeat(200), `"${"x".repeat(99)}…`],
  ])("is shown when it is %s", (_, value, shown) => {
    const error = new SpoolConfigError("field", value, "must be otherwise");
    expect(error.message).toBe(`field is ${shown}: must be otherwise`);
    expect(error.value).toBe(value);
  });
});

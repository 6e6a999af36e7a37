import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromErrorRecord, toErrorRecord } from "./error-record.ts";
import {
  type EngineErrorKind,
  SpoolConfigError,
  SpoolEngineError,
  type SpoolError,
  SpoolLockedError,
  type WriteOutcome,
} from "./errors.ts";

const PATH = "/data/shard-003";
const KINDS: readonly EngineErrorKind[] = ["corruption", "io", "busy", "other"];

/** The error as it arrives on the other side of a port. */
function crossed(error: unknown, outcome?: WriteOutcome): SpoolError {
  return fromErrorRecord(structuredClone(toErrorRecord(error, PATH)), outcome);
}

function nodeError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

describe("an engine error", () => {
  it("arrives with message, kind, path and cause, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(...KINDS),
        fc.string(),
        fc.option(fc.record({ message: fc.string(), code: fc.string() })),
        (message, kind, path, cause) => {
          const sent = new SpoolEngineError(message, {
            kind,
            path,
            cause: cause === null ? undefined : nodeError(cause.message, cause.code),
          });
          const error = crossed(sent) as SpoolEngineError;
          expect(error).toBeInstanceOf(SpoolEngineError);
          expect([error.name, error.code]).toStrictEqual(["SpoolEngineError", "SPOOL_ENGINE"]);
          expect([error.message, error.kind, error.path]).toStrictEqual([message, kind, path]);
          expect(Object.hasOwn(error, "cause")).toBe(cause !== null);
          if (cause === null) return;
          expect(error.cause).toBeInstanceOf(Error);
          expect(error.cause).toMatchObject({ name: "Error", ...cause });
        },
      ),
    );
  });

  it("keeps the class name of its cause, and adds no code", () => {
    class CorruptValueError extends Error {
      override readonly name = "CorruptValueError";
    }
    const cause = new CorruptValueError("the value is empty");
    const error = crossed(new SpoolEngineError("bad", { kind: "corruption", path: "/other", cause }));
    expect(error).toMatchObject({ path: "/other" });
    expect(error.cause).toMatchObject({ name: "CorruptValueError", message: "the value is empty" });
    expect(Object.hasOwn(error.cause as Error, "code")).toBe(false);
  });

  it("drops a cause that is no error, and a code that is no text", () => {
    expect(crossed(new SpoolEngineError("bad", { kind: "io", path: PATH, cause: "text" })).cause).toBeUndefined();
    const cause = Object.assign(new Error("numbered"), { code: 5 });
    const error = crossed(new SpoolEngineError("bad", { kind: "io", path: PATH, cause }));
    expect(error.cause).toMatchObject({ message: "numbered" });
    expect(Object.hasOwn(error.cause as Error, "code")).toBe(false);
  });

  it.each(["not-written", "unknown"] as const)("gets the outcome %s on the main thread", (outcome) => {
    const sent = new SpoolEngineError("bad", { kind: "io", path: PATH });
    expect(crossed(sent, outcome).outcome).toBe(outcome);
    expect(Object.hasOwn(crossed(sent), "outcome")).toBe(false);
  });
});

it("a lock error arrives with its path and RocksDB's text", () => {
  const error = crossed(new SpoolLockedError("/elsewhere", nodeError("lock hold by current process", "EIO")));
  expect(error).toBeInstanceOf(SpoolLockedError);
  expect(error).toMatchObject({ name: "SpoolLockedError", code: "SPOOL_LOCKED", path: "/elsewhere" });
  expect(error.message).toBe(new SpoolLockedError("/elsewhere").message);
  expect(error.cause).toMatchObject({ message: "lock hold by current process", code: "EIO" });
});

it.each(["text", 3, null, undefined, { deep: [1] }])(
  "a config error about %j arrives with field, value and message",
  (value) => {
    const error = crossed(new SpoolConfigError("params.x", value, "must be otherwise"));
    expect(error).toBeInstanceOf(SpoolConfigError);
    expect(error).toMatchObject({ name: "SpoolConfigError", code: "SPOOL_CONFIG", field: "params.x", value });
    expect(error.message).toBe(new SpoolConfigError("params.x", value, "must be otherwise").message);
  },
);

describe("a foreign error", () => {
  it.each([
    ["an Error", new TypeError("x is not a function"), { name: "TypeError", message: "x is not a function" }],
    ["Node's", nodeError("no space", "ENOSPC"), { name: "Error", message: "no space", code: "ENOSPC" }],
  ])("becomes an engine error of kind other: %s", (_, foreign, cause) => {
    const error = crossed(foreign);
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({ message: foreign.message, kind: "other", path: PATH });
    expect(error.cause).toMatchObject(cause);
  });

  it.each(["text", 5, null, undefined])("becomes an engine error if it is no Error: %j", (thrown) => {
    const error = crossed(thrown);
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({ message: String(thrown), kind: "other", path: PATH });
    expect(error.cause).toBeUndefined();
  });
});

it("a record survives structured clone and JSON unchanged", () => {
  const errors = [
    new SpoolEngineError("bad", { kind: "busy", path: PATH, cause: nodeError("busy", "EBUSY") }),
    new SpoolLockedError(PATH, new Error("locked")),
    new SpoolConfigError("path", 3, "must be text"),
    new Error("foreign"),
  ];
  for (const error of errors) {
    const record = toErrorRecord(error, PATH);
    expect(structuredClone(record)).toStrictEqual(record);
    expect(JSON.parse(JSON.stringify(record))).toStrictEqual(record);
  }
});

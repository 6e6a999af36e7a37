import { type EngineErrorKind, SpoolConfigError, SpoolEngineError, SpoolLockedError } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { isDefinitivelyBad, toEngineError } from "./engine-error.ts";

const PATH = "/spool/shard-000";
const TABLE = `${PATH}/000012.sst`;

function coded(message: string, code?: string): Error {
  return code === undefined ? new Error(message) : Object.assign(new Error(message), { code });
}

/** Errors of RocksDB and Node, and their kind. rocksdb-native uses `EIO` for nearly everything. */
const TABLE_OF_KINDS: readonly [message: string, code: string | undefined, kind: EngineErrorKind][] = [
  [`block checksum mismatch: stored = 1, computed = 2, type = 4  in ${TABLE} offset 0 size 4096`, "EIO", "corruption"],
  ["Corruption: block checksum mismatch", undefined, "corruption"],
  [`Bad table magic number: expected 9863518390377041911, found 0 in ${TABLE}`, "EIO", "corruption"],
  [`file is too short (12 bytes) to be an sstable: ${TABLE}`, "EIO", "corruption"],
  [`truncated block read from ${TABLE} offset 0, expected 4096 bytes, got 12`, "EIO", "corruption"],
  ["bad block contents", "EIO", "corruption"],
  ["bad entry in block", "EIO", "corruption"],
  ["corrupted compressed block contents", "EIO", "corruption"],
  [`IO error: No such file or directory: while stat a file for size: ${TABLE}`, "EIO", "io"],
  [`Corruption: IO error: No such file or directory: While open a file for random read: ${TABLE}`, "EIO", "io"],
  [`While appending to file: ${PATH}/000004.log: No space left on device`, "ENOSPC", "io"],
  ["While fsync: input/output error", "EIO", "io"],
  ["read-only file system", "EROFS", "io"],
  ["disk quota exceeded", "EDQUOT", "io"],
  ["permission denied, open", "EACCES", "io"],
  ["operation not permitted", "EPERM", "io"],
  ["too many open files", "EMFILE", "io"],
  ["file table overflow", "ENFILE", "io"],
  ["no such file or directory, open", "ENOENT", "io"],
  ["not a directory, scandir", "ENOTDIR", "io"],
  ["bad file descriptor, fdatasync", "EBADF", "io"],
  ["resource busy", "EBUSY", "busy"],
  ["resource temporarily unavailable", "EAGAIN", "busy"],
  ["Not supported operation in read only mode.", undefined, "other"],
  ["invalid argument", "EINVAL", "other"],
  ["RocksDB session is closed", undefined, "other"],
  ["", undefined, "other"],
];

describe("the kind of an error", () => {
  it.each(TABLE_OF_KINDS)("%s (%s): %s", (message, code, kind) => {
    const cause = coded(message, code);
    const error = toEngineError(cause, PATH);
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({ kind, path: PATH, message, cause });
    expect(isDefinitivelyBad(error)).toBe(kind === "corruption" || kind === "io");
  });

  it.each(TABLE_OF_KINDS)("is the same behind `Batch was not applied`: %s (%s)", (message, code, kind) => {
    const cause = coded(message, code);
    const error = toEngineError(new Error("Batch was not applied", { cause }), PATH);
    expect(error).toMatchObject({ kind, path: PATH, message, cause });
  });

  it("of a getMany is that of the first key that failed", () => {
    const corrupt = coded("block checksum mismatch", "EIO");
    const error = toEngineError(
      new AggregateError([null, corrupt, coded("x", "EBUSY")], "Batch was not applied"),
      PATH,
    );
    expect(error).toMatchObject({ kind: "corruption", message: "block checksum mismatch", cause: corrupt });
  });

  it("of an aggregate without errors is other, with its own message", () => {
    expect(toEngineError(new AggregateError([], "nothing was applied"), PATH)).toMatchObject({
      kind: "other",
      message: "nothing was applied",
    });
  });

  it.each(["text", 5, null, undefined])("of a thrown value that is no Error is other: %j", (thrown) => {
    expect(toEngineError(thrown, PATH)).toMatchObject({ kind: "other", message: String(thrown) });
  });
});

describe("a lock", () => {
  it.each([
    `lock hold by current process, acquire time 1795545566 acquiring thread 1: ${PATH}/LOCK: No locks available`,
    `While lock file: ${PATH}/LOCK: Resource temporarily unavailable`,
  ])("is recognised: %s", (message) => {
    const cause = coded(message, "EIO");
    const error = toEngineError(cause, PATH);
    expect(error).toBeInstanceOf(SpoolLockedError);
    expect(error).toMatchObject({ path: PATH, cause });
    expect(isDefinitivelyBad(error)).toBe(false);
  });
});

it.each([new SpoolEngineError("a", { kind: "busy", path: "/other" }), new SpoolLockedError("/other")])(
  "a SpoolError is returned unchanged: $name",
  (error) => {
    expect(toEngineError(error, PATH)).toBe(error);
  },
);

it.each([new Error("EIO"), coded("io", "EIO"), new SpoolConfigError("a", 1, "b")])(
  "only an engine error is definitively bad: $name",
  (error) => {
    expect(isDefinitivelyBad(error)).toBe(false);
  },
);

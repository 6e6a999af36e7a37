import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { checkDirectory } from "./directory-check.ts";

/** The calls of the check, in order. The call named in `failing` fails; `hidden` makes the listing empty. */
const disk = vi.hoisted(() => ({ calls: [] as string[], failing: "", hidden: false }));

vi.mock(import("node:fs"), async (importOriginal) => {
  const real = await importOriginal();
  const recorded = <F extends (...args: never[]) => unknown>(name: string, call: F): F =>
    ((...args: Parameters<F>) => {
      disk.calls.push(name);
      if (disk.failing === name) throw Object.assign(new Error(`${name}: input/output error`), { code: "EIO" });
      if (disk.hidden && name === "list") return [];
      return call(...args);
    }) as F;
  const mocked = {
    ...real,
    mkdirSync: recorded("make", real.mkdirSync),
    writeSync: recorded("write", real.writeSync),
    fsyncSync: recorded("sync", real.fsyncSync),
    readdirSync: recorded("list", real.readdirSync),
    unlinkSync: recorded("remove", real.unlinkSync),
  };
  return { ...mocked, default: mocked };
});

let parent: string;

beforeEach(() => {
  parent = temporaryDirectory();
  disk.failing = "";
  disk.hidden = false;
  disk.calls.length = 0;
});

function refusalOf(directory: string): SpoolEngineError {
  try {
    checkDirectory(directory);
  } catch (error) {
    expect(error).toBeInstanceOf(SpoolEngineError);
    return error as SpoolEngineError;
  }
  throw new Error("the check found nothing wrong");
}

describe("a directory that is good", () => {
  it("is made where it is missing, with those above it, for all to read and its owner to write", () => {
    const umask = process.umask(0o022);
    try {
      checkDirectory(join(parent, "a", "b"));
    } finally {
      process.umask(umask);
    }
    for (const made of ["a", "a/b"]) expect(statSync(join(parent, made)).mode & 0o777).toBe(0o755);
  });

  it("is left as it was", () => {
    writeFileSync(join(parent, "CURRENT"), "MANIFEST-000001\n");
    const { mode } = statSync(parent);
    checkDirectory(parent);
    checkDirectory(parent);
    expect(readdirSync(parent)).toStrictEqual(["CURRENT"]);
    expect(readFileSync(join(parent, "CURRENT"), "utf8")).toBe("MANIFEST-000001\n");
    expect(statSync(parent).mode).toBe(mode);
  });

  it("is rid of the file that an earlier check left when its process died", () => {
    writeFileSync(join(parent, ".rockspool-probe"), "something longer than the check");
    checkDirectory(parent);
    expect(readdirSync(parent)).toStrictEqual([]);
  });

  it("has been written, synced and listed, and its names synced", () => {
    checkDirectory(parent);
    expect(disk.calls).toStrictEqual(["make", "write", "sync", "list", "remove", "sync"]);
  });
});

describe("a directory that is bad is refused, with its path and the reason", () => {
  it.each(["make", "write", "sync", "list", "remove"])("when the call fails: %s", (call) => {
    disk.failing = call;
    const error = refusalOf(parent);
    expect(error).toMatchObject({ kind: "io", path: parent, message: `${call}: input/output error` });
    expect(error.cause).toMatchObject({ code: "EIO" });
  });

  it("when what was written is not listed", () => {
    disk.hidden = true;
    const error = refusalOf(parent);
    expect(error).toMatchObject({ kind: "other", path: parent });
    expect(error.message).toBe(`${join(parent, ".rockspool-probe")} was written and is not listed`);
  });

  it("when a file is in its place, or above it", () => {
    const file = join(parent, "file");
    writeFileSync(file, "mine");
    expect(refusalOf(file)).toMatchObject({ path: file, cause: { code: "EEXIST" } });
    expect(refusalOf(join(file, "below"))).toMatchObject({ path: join(file, "below"), cause: { code: "ENOTDIR" } });
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("when a directory has the name of the check's file", () => {
    mkdirSync(join(parent, ".rockspool-probe"));
    expect(refusalOf(parent)).toMatchObject({ path: parent, cause: { code: "EISDIR" } });
  });
});

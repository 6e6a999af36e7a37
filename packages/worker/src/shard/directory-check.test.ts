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

describe("a good directory", () => {
  it("is created if it is missing, with its parents, with mode 0755", () => {
    const umask = process.umask(0o022);
    try {
      checkDirectory(join(parent, "a", "b"));
    } finally {
      process.umask(umask);
    }
    for (const made of ["a", "a/b"]) expect(statSync(join(parent, made)).mode & 0o777).toBe(0o755);
  });

  it("is left unchanged", () => {
    writeFileSync(join(parent, "CURRENT"), "MANIFEST-000001\n");
    const { mode } = statSync(parent);
    checkDirectory(parent);
    checkDirectory(parent);
    expect(readdirSync(parent)).toStrictEqual(["CURRENT"]);
    expect(readFileSync(join(parent, "CURRENT"), "utf8")).toBe("MANIFEST-000001\n");
    expect(statSync(parent).mode).toBe(mode);
  });

  it("loses the file that an earlier check left when its process died", () => {
    writeFileSync(join(parent, ".rockspool-probe"), "something longer than the check");
    checkDirectory(parent);
    expect(readdirSync(parent)).toStrictEqual([]);
  });

  it("is written, synced and listed, in this order", () => {
    checkDirectory(parent);
    expect(disk.calls).toStrictEqual(["make", "write", "sync", "list", "remove", "sync"]);
  });
});

describe("a bad directory is refused, with its path and the reason,", () => {
  it.each(["make", "write", "sync", "list", "remove"])("when the call fails: %s", (call) => {
    disk.failing = call;
    const error = refusalOf(parent);
    expect(error).toMatchObject({ kind: "io", path: parent, message: `${call}: input/output error` });
    expect(error.cause).toMatchObject({ code: "EIO" });
  });

  it("when the written file is not listed", () => {
    disk.hidden = true;
    const error = refusalOf(parent);
    expect(error).toMatchObject({ kind: "other", path: parent });
    expect(error.message).toBe(`${join(parent, ".rockspool-probe")} was written and is not listed`);
  });

  it("when the path or its parent is a file", () => {
    const file = join(parent, "file");
    writeFileSync(file, "mine");
    expect(refusalOf(file)).toMatchObject({ path: file, cause: { code: "EEXIST" } });
    expect(refusalOf(join(file, "below"))).toMatchObject({ path: join(file, "below"), cause: { code: "ENOTDIR" } });
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("when the check's file is a directory", () => {
    mkdirSync(join(parent, ".rockspool-probe"));
    expect(refusalOf(parent)).toMatchObject({ path: parent, cause: { code: "EISDIR" } });
  });
});

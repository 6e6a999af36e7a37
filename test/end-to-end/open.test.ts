import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { openSpool, readLayout, SpoolConfigError, SpoolError, type SpoolId } from "rockspool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rejection } from "../support/rejection.ts";
import { listing } from "../support/shard-files.ts";
import { type OpenOptions, onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

/** A closed spool of two shards with one message in it, which the tests copy. */
let closed: string;
let id: SpoolId;

beforeAll(async () => {
  closed = await makeTemporaryDirectory();
  const spool = await openSpool({ path: closed, shards: 2 });
  id = spool.newId();
  await spool.store(id, Buffer.from("kept"));
  await spool.shutdown();
});

afterAll(() => rm(closed, { recursive: true, force: true }));

/** The path of a copy of it. */
async function closedSpool(): Promise<string> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(closed, path, { recursive: true });
  return path;
}

async function expectRefused(options: OpenOptions): Promise<SpoolConfigError> {
  const before = await listing(options.path);
  const error = await rejection<SpoolConfigError>(openSpool(options));
  expect(error).toBeInstanceOf(SpoolConfigError);
  expect(error.code).toBe("SPOOL_CONFIG");
  expect(await listing(options.path), "nothing was changed").toEqual(before);
  return error;
}

describe("opening a spool", () => {
  it("makes the directory with its parents, and takes its shards from it the next time", async () => {
    const path = join(await temporaryDirectory(), "a", "b");
    const spool = await openForTest(onRocksDB, { path, shards: 3 });
    expect(spool.health().map((shard) => shard.path)).toEqual(
      ["shard-000", "shard-001", "shard-002"].map((name) => join(path, name)),
    );
    await spool.shutdown();
    const again = await openForTest(onRocksDB, { path });
    expect(again.health()).toHaveLength(3);
    await again.shutdown();
    const same = await openForTest(onRocksDB, { path, shards: 3 });
    expect(same.health()).toHaveLength(3);
  });

  it("makes as many shards as the machine has processors, from 1 to 8, where the option is not set", async () => {
    const spool = await openForTest(onRocksDB, { path: await temporaryDirectory() });
    expect(spool.health()).toHaveLength(Math.min(8, availableParallelism()));
  });

  it("takes a directory in which something else lies, and leaves that alone", async () => {
    const path = await temporaryDirectory();
    await writeFile(join(path, "README"), "not the spool's");
    await mkdir(join(path, "lost+found"));
    await (await openForTest(onRocksDB, { path, shards: 1 })).shutdown();
    expect(await readFile(join(path, "README"), "utf8")).toBe("not the spool's");
  });

  it("with another number of shards is refused, and says what the directory holds", async () => {
    const path = await closedSpool();
    for (const shards of [1, 3]) {
      const error = await expectRefused({ path, shards });
      expect(error).toMatchObject({ field: "shards", value: shards });
      expect(error.message).toMatch(/\b2\b/);
    }
    const spool = await openForTest(onRocksDB, { path });
    expect(Buffer.from(await spool.load(id)).toString()).toBe("kept");
  });

  it.each([
    { what: "is empty", change: () => "" },
    { what: "is not JSON", change: () => "{{{" },
    { what: "is another JSON", change: () => "[1, 2]" },
    { what: "is null", change: () => "null" },
    { what: "is cut", change: (text: string) => text.slice(0, text.length / 2) },
    {
      what: "says another number of shards than there are",
      change: (text: string) => text.replace(/"shards": ?2/, '"shards":1'),
    },
    { what: "says no number of shards", change: (text: string) => text.replace(/"shards": ?2/, '"shards":"two"') },
    {
      what: "says the format before this one",
      change: (text: string) => text.replace(/(ersion"|ormat"): ?2\b/, "$1:1"),
    },
    {
      what: "says a format from the future",
      change: (text: string) => text.replace(/(ersion"|ormat"): ?2\b/, "$1:99"),
    },
  ])("whose rockspool.json $what is refused", async ({ change }) => {
    const path = await closedSpool();
    const file = join(path, "rockspool.json");
    const text = await readFile(file, "utf8");
    const changed = change(text);
    expect(changed, `the test does not know how to change ${text}`).not.toBe(text);
    await writeFile(file, changed);
    await expectRefused({ path });
  });

  it("whose rockspool.json is lost beside its shards is refused: they would be hidden, not found", async () => {
    const path = await closedSpool();
    const file = join(path, "rockspool.json");
    const text = await readFile(file, "utf8");
    await rm(file);
    await expectRefused({ path });
    await expectRefused({ path, shards: 2 });
    await writeFile(file, text);
    const spool = await openForTest(onRocksDB, { path });
    expect(Buffer.from(await spool.load(id)).toString()).toBe("kept");
  });

  it("where no directory can be rejects with an error of the spool's own", async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, "file");
    await writeFile(file, "text");
    for (const path of [file, join(file, "below"), "/sys/no-such-place", "/dev/null"]) {
      expect(await rejection(openSpool({ path, shards: 1 })), path).toBeInstanceOf(SpoolError);
    }
    expect(await readFile(file, "utf8")).toBe("text");
  });

  it("that was refused leaves the directory free", async () => {
    const path = await closedSpool();
    await rejection(openSpool({ path, shards: 5 }));
    await rejection(openSpool({ path, shard: 2 } as OpenOptions));
    await openForTest(onRocksDB, { path });
  });

  it("with an option that does not exist rejects, and names it", async () => {
    const path = await temporaryDirectory();
    for (const options of [{ path, shard: 2 }, { path, params: { compresionType: "none" } }, undefined, { path: 5 }]) {
      const error = await rejection<SpoolConfigError>(openSpool(options as unknown as OpenOptions));
      expect(error).toBeInstanceOf(SpoolConfigError);
    }
    expect(await listing(path)).toEqual([]);
  });
});

describe("readLayout", () => {
  it("tells what a directory holds without making or opening anything", async () => {
    const path = await closedSpool();
    const before = await listing(path);
    expect(await readLayout(path)).toMatchObject({ shards: 2 });
    expect(await listing(path)).toEqual(before);
    const nowhere = join(path, "nowhere");
    expect(await readLayout(nowhere)).toBeNull();
    expect(await listing(nowhere)).toEqual(["missing"]);
  });
});

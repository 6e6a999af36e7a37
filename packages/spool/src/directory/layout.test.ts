import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { SpoolConfigError } from "@rockspool/core";
import { writeChecked } from "@rockspool/worker";
import { beforeEach, describe, expect, it } from "vitest";
import { finishLayout, logPath, makeDirectory, markPath, prepareLayout, readLayout, shardPath } from "./layout.ts";

const ROUTING = "crc32(id) % shards";
const SOUND = { version: 2, id: "0123456789abcdef", shards: 3, routing: ROUTING };
/** A layout that was made has an id of its own. */
const MADE = { ...SOUND, id: expect.stringMatching(/^[0-9a-f]{16}$/) };

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "rockspool-layout-"));
  const made = path;
  return () => rm(made, { recursive: true, force: true });
});

/** Writes a file: text as it is, an object in the spool's format with its checksum. */
async function put(name: string, content: string | object): Promise<void> {
  if (typeof content === "string") await writeFile(join(path, name), content);
  else await writeChecked(join(path, name), content);
}

/** Makes shards with a file in each, their logs, a second index, and their marks. */
async function putShards(...indices: number[]): Promise<void> {
  for (const index of indices) {
    await mkdir(shardPath(path, index));
    await writeFile(join(shardPath(path, index), "CURRENT"), "MANIFEST-000005\n");
    await mkdir(logPath(path, index));
    await mkdir(`${shardPath(path, index)}-index-2`);
    await writeFile(markPath(path, index), "mark");
  }
}

async function names(): Promise<string[]> {
  return (await readdir(path, { recursive: true })).sort();
}

async function refusal(promise: Promise<unknown>): Promise<SpoolConfigError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SpoolConfigError);
  return error as SpoolConfigError;
}

describe("a directory without a spool", () => {
  it("has no layout, and reading makes none", async () => {
    expect(await readLayout(path)).toBeNull();
    expect(await readLayout(join(path, "missing"))).toBeNull();
    expect(await names()).toEqual([]);
  });

  it("becomes a spool in two steps, and is none before the second", async () => {
    expect(await prepareLayout(path, 3)).toEqual({ layout: MADE, fresh: true });
    expect(await names()).toEqual(["rockspool.json.new"]);
    expect(await readLayout(path)).toBeNull();
    await finishLayout(path);
    expect(await names()).toEqual(["rockspool.json"]);
    const [line, sum] = (await readFile(join(path, "rockspool.json"), "utf8")).split("\n");
    expect(JSON.parse(line as string)).toEqual(MADE);
    expect(sum).toBe(
      crc32(line as string)
        .toString(16)
        .padStart(8, "0"),
    );
    expect(await readLayout(path)).toEqual(JSON.parse(line as string));
  });

  it("gets by default as many shards as there are processors, from 1 to 8", async () => {
    const { layout } = await prepareLayout(path, null);
    expect(layout.shards).toBe(Math.min(availableParallelism(), 8));
  });

  it("keeps files of other names when a spool is made in it", async () => {
    await put("shard-notes.txt", "mine");
    await put("my-shard-000", "mine");
    await put("shard-000.mark.bak", "mine");
    expect(await prepareLayout(path, 3)).toMatchObject({ fresh: true });
    expect(await names()).toEqual(["my-shard-000", "rockspool.json.new", "shard-000.mark.bak", "shard-notes.txt"]);
  });
});

describe("a directory with an interrupted creation", () => {
  it("is prepared again, also with another number of shards", async () => {
    await prepareLayout(path, 5);
    expect(await prepareLayout(path, 3)).toEqual({ layout: MADE, fresh: true });
    await finishLayout(path);
    expect(await readLayout(path)).toEqual(MADE);
  });

  it.each(["", '{"version":1,"sha'])("is prepared again if its rockspool.json.new is %j", async (content) => {
    await put("rockspool.json.new", content);
    await prepareLayout(path, 3);
    await finishLayout(path);
    expect(await readLayout(path)).toEqual(MADE);
  });

  it("loses the shards and marks of that creation, and nothing else", async () => {
    await put("rockspool.json.new", { ...SOUND, shards: 12 });
    await putShards(0, 1, 11);
    await put("letter.txt", "mine");
    await prepareLayout(path, 3);
    expect(await names()).toEqual(["letter.txt", "rockspool.json.new"]);
    expect(await readFile(join(path, "rockspool.json.new"), "utf8")).toContain('"shards":3');
  });
});

describe("a directory with a spool", () => {
  it("stays as it is, with the number of shards given or not", async () => {
    await put("rockspool.json", SOUND);
    await putShards(0, 1);
    const before = await names();
    for (const shards of [3, null]) {
      expect(await prepareLayout(path, shards)).toEqual({ layout: SOUND, fresh: false });
    }
    expect(await names(), "a missing shard is not made").toEqual(before);
  });

  it("stays as it is if there is also a rockspool.json.new", async () => {
    await put("rockspool.json", SOUND);
    await put("rockspool.json.new", { ...SOUND, shards: 9 });
    await putShards(0, 1, 2);
    const before = await names();
    expect(await prepareLayout(path, null)).toEqual({ layout: SOUND, fresh: false });
    expect(await names()).toEqual(before);
  });

  it("is refused for another number of shards, and the error names the real one", async () => {
    await put("rockspool.json", SOUND);
    const error = await refusal(prepareLayout(path, 4));
    expect(error).toMatchObject({
      field: "shards",
      value: 4,
      allowed: expect.stringContaining(`${path} holds 3 shards`),
    });
    expect(await names()).toEqual(["rockspool.json"]);
  });
});

describe("shards without a rockspool.json", () => {
  it("are refused, each by its name, and nothing is made or removed", async () => {
    await putShards(0, 12);
    const before = await names();
    const error = await refusal(prepareLayout(path, 13));
    expect(error).toMatchObject({ field: "path", value: path });
    for (const name of ["shard-000", "shard-000.mark", "shard-012", "shard-012.mark"]) {
      expect(error.allowed).toContain(name);
    }
    expect(await names()).toEqual(before);
  });

  it("are refused if only a mark is left", async () => {
    await put("shard-000.mark", "mark");
    expect((await refusal(prepareLayout(path, 1))).allowed).toContain("shard-000.mark");
  });
});

describe("a rockspool.json that is damaged or not supported", () => {
  it.each([
    ["empty", "", "checksum"],
    ["cut", '{"version":1,"shar', "checksum"],
    ["without its checksum", JSON.stringify(SOUND), "checksum"],
    [
      "with another number of shards than it was written with",
      `${JSON.stringify({ ...SOUND, shards: 2 })}\n1d1e8f74\n`,
      "checksum",
    ],
    ["a list", [], "version"],
    ["of format 1", { version: 1, shards: 3, routing: ROUTING }, "export it with the rockspool that wrote it"],
    ["of another version", { ...SOUND, version: 3 }, "version is 3"],
    ["without an id", { version: 2, shards: 3, routing: ROUTING }, "id is undefined"],
    ["with an id that is none", { ...SOUND, id: "0123" }, "id is 0123"],
    ["without a version", { shards: 3, routing: ROUTING }, "version is undefined"],
    ["of no shards", { ...SOUND, shards: 0 }, "shards is 0"],
    ["of half a shard", { ...SOUND, shards: 1.5 }, "shards is 1.5"],
    ["of shards in words", { ...SOUND, shards: "3" }, "shards is 3"],
    ["without a number of shards", { version: 2, id: SOUND.id, routing: ROUTING }, "shards is undefined"],
    ["of another routing", { ...SOUND, routing: "fnv1a(id) % shards" }, "routing is fnv1a(id) % shards"],
  ])("(%s) is refused by an error that names it, and stays as it is", async (_what, content, why) => {
    await put("rockspool.json", content);
    const file = join(path, "rockspool.json");
    const before = await readFile(file, "utf8");
    for (const look of [() => readLayout(path), () => prepareLayout(path, null), () => prepareLayout(path, 3)]) {
      expect(await refusal(look())).toMatchObject({
        field: "path",
        value: file,
        allowed: expect.stringContaining(why),
      });
    }
    expect(await readFile(file, "utf8")).toBe(before);
    expect(await names()).toEqual(["rockspool.json"]);
  });

  it("(a directory) is refused, with the file system's error as the cause", async () => {
    await mkdir(join(path, "rockspool.json"));
    expect(await refusal(readLayout(path))).toMatchObject({
      field: "path",
      value: join(path, "rockspool.json"),
      cause: { code: "EISDIR" },
    });
  });
});

describe("making the directory", () => {
  it("makes its parents too, each with mode 0755, and accepts an existing one", async () => {
    const deep = join(path, "a", "b", "c");
    await makeDirectory(deep);
    for (const each of [deep, join(path, "a", "b"), join(path, "a")]) {
      expect(((await stat(each)).mode & 0o777).toString(8)).toBe((0o755 & ~process.umask()).toString(8));
    }
    await makeDirectory(deep);
  });

  it("is refused if the path or a parent is a file", async () => {
    await put("file", "mine");
    for (const taken of [join(path, "file"), join(path, "file", "below")]) {
      expect(await refusal(makeDirectory(taken))).toMatchObject({ field: "path", value: taken });
    }
    expect(await readFile(join(path, "file"), "utf8")).toBe("mine");
  });
});

it("names of shards, logs and marks have at least three digits", () => {
  expect([shardPath("/s", 0), logPath("/s", 1), markPath("/s", 12), shardPath("/s", 255)]).toEqual([
    "/s/shard-000",
    "/s/shard-001-messages",
    "/s/shard-012.mark",
    "/s/shard-255",
  ]);
});

import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { filesOf } from "../../test/damage.ts";
import { engineOptions } from "../../test/engine-options.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { expectBoth, FLUSHED, newShard, open, openWithBoth, restored, VALUE } from "../../test/two-message-shard.ts";
import { openEngine } from "../rocksdb/rocksdb-engine.ts";

let path: string;

beforeEach(() => {
  path = newShard();
});

describe("a table that was removed under an open shard", () => {
  it("gets its name and its content back, and leaves nothing beside it", async () => {
    const { engine, table } = await openWithBoth(path);
    const [content, files] = [readFileSync(table), readdirSync(path)];
    unlinkSync(table);
    expect(await engine.files?.missingFiles()).toEqual([basename(table)]);
    expect(await restored(engine)).toEqual([]);
    expect(readFileSync(table).equals(content)).toBe(true);
    expect(readdirSync(path)).toEqual(files);
    await engine.close();
    await expectBoth(await open(path, "existing"));
  });

  it("is restored where the shard takes no writes any more, and no compaction could do it", async () => {
    const { engine, table } = await openWithBoth(path);
    const moved = `${path}.moved`;
    renameSync(path, moved);
    await engine.flush().catch(() => {});
    await expect(engine.compact(), "RocksDB is read-only now").rejects.toThrow();
    renameSync(moved, path);
    unlinkSync(table);
    expect(await restored(engine)).toEqual([]);
    await engine.close();
    await expectBoth(await open(path, "existing"));
  });

  it("is restored where the whole directory was moved away, from where it is now", async () => {
    const { engine, table } = await openWithBoth(path);
    renameSync(path, `${path}.moved`);
    // RocksDB is read-only from here on: neither flush nor compaction writes anything anew.
    await engine.flush().catch(() => {});
    await restored(engine).catch(() => {});
    const left = await engine.files?.missingFiles();
    expect(left).not.toContain(basename(table));
    expect(left?.filter((name) => !/^MANIFEST-|^CURRENT$|\.log$/.test(name))).toEqual([]);
    await engine.close().catch(() => {});
    await expectBoth(await open(path, "existing"));
  });

  it("is found where the shard's directory is a symbolic link", async () => {
    const elsewhere = join(temporaryDirectory(), "disk");
    await (await openEngine(elsewhere, engineOptions("create"))).close();
    symlinkSync(elsewhere, path);
    const engine = await open(path, "existing");
    await engine.write((batch) => batch.put(FLUSHED, VALUE));
    await engine.flush();
    unlinkSync(filesOf(path, ".sst")[0] as string);
    expect(await restored(engine)).toEqual([]);
  });
});

describe("a log that was removed under an open shard", () => {
  it("is made superfluous by a flush", async () => {
    const { engine, log } = await openWithBoth(path);
    unlinkSync(log);
    expect(await restored(engine)).toEqual([]);
    await engine.close().catch(() => {});
    await expectBoth(await open(path, "existing"));
  });

  it("is written anew when the shard closes, where nothing has made it superfluous", async () => {
    const { engine, log } = await openWithBoth(path);
    const content = readFileSync(log);
    unlinkSync(log);
    await engine.close();
    expect(readFileSync(log).equals(content)).toBe(true);
    await expectBoth(await open(path, "existing"));
  });

  it("stays away where the spool is gone, which is no failure then", async () => {
    const { engine, log } = await openWithBoth(path);
    unlinkSync(log);
    engine.files?.stopRestoring();
    await engine.close();
    expect(readdirSync(path)).not.toContain(basename(log));
  });

  it("stays away where its content is in a table", async () => {
    const { engine, log } = await openWithBoth(path);
    await engine.flush();
    await engine.close();
    expect(readdirSync(path)).not.toContain(basename(log));
  });
});

it("a directory that was removed under an open shard is there again, with all that was in it", async () => {
  const { engine } = await openWithBoth(path);
  rmSync(path, { recursive: true });
  const left = await restored(engine);
  expect(left?.filter((name) => !/^(MANIFEST-.*|CURRENT)$/.test(name))).toEqual([]);
  await engine.close().catch(() => {});
  await expectBoth(await open(path, "existing"));
});

it("a file in the place of a shard's directory: all is missing, and is there again when the file is gone", async () => {
  const { engine } = await openWithBoth(path);
  const all = readdirSync(path).filter((name) => /^(CURRENT|MANIFEST-.*|.*\.(sst|log))$/.test(name));
  rmSync(path, { recursive: true });
  writeFileSync(path, "garbage");
  expect((await engine.files?.missingFiles())?.sort()).toEqual(all.sort());
  await expect(restored(engine)).rejects.toMatchObject({ kind: "io", path });
  await expectBoth(engine);
  unlinkSync(path);
  const left = await restored(engine);
  expect(left?.filter((name) => !/^(MANIFEST-.*|CURRENT)$/.test(name))).toEqual([]);
  await engine.close().catch(() => {});
  await expectBoth(await open(path, "existing"));
});

it("a directory that went away with the spool is closed without a failure, and not made anew", async () => {
  const { engine } = await openWithBoth(path);
  rmSync(join(path, ".."), { recursive: true });
  engine.files?.stopRestoring();
  await engine.close();
  expect(existsSync(join(path, ".."))).toBe(false);
});

it("a directory whose parent is gone too is not made anew", async () => {
  const { engine } = await openWithBoth(path);
  rmSync(join(path, ".."), { recursive: true });
  await expect(restored(engine)).rejects.toMatchObject({ kind: "io", path });
  expect(existsSync(join(path, ".."))).toBe(false);
  await expect(engine.close(), "what was only in the log is lost").rejects.toMatchObject({ kind: "io", path });
});

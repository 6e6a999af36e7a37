import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { filesOf, flipByte, manifestOf } from "./damage.suite.ts";
import { putBackManifest, withoutDamagedManifest } from "./damaged-manifest.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { engineOptions } from "./engine-options.suite.ts";
import { openEngine } from "./rocksdb-engine.ts";
import { listing, temporaryDirectory } from "./temporary-directory.suite.ts";

const FLUSHED = Buffer.alloc(16, 1);
const IN_THE_LOG = Buffer.alloc(16, 2);
const VALUE = Buffer.alloc(10_000, 5);

let path: string;

beforeEach(() => {
  path = join(temporaryDirectory(), "shard");
});

async function open(mode: EngineOptions["mode"]): Promise<Engine> {
  const engine = await openEngine(path, engineOptions(mode));
  onTestFinished(() => engine.close().catch(() => {}));
  return engine;
}

/** One message in a table, one in the log. */
async function openWithBoth(): Promise<{ engine: Engine; table: string; log: string }> {
  const engine = await open("create");
  await engine.write((batch) => batch.put(FLUSHED, VALUE));
  await engine.flush();
  await engine.write((batch) => batch.put(IN_THE_LOG, VALUE));
  return { engine, table: filesOf(path, ".sst")[0] as string, log: filesOf(path, ".log").at(-1) as string };
}

async function expectBoth(engine: Engine): Promise<void> {
  for (const key of [FLUSHED, IN_THE_LOG]) expect(await engine.get(key)).toEqual(VALUE);
}

/** What is missing after one try to restore it. */
async function restored(engine: Engine): Promise<string[]> {
  await engine.restore(await engine.missingFiles());
  return engine.missingFiles();
}

describe("a table that was removed under an open shard", () => {
  test("gets its name and its content back, and leaves nothing beside it", async () => {
    const { engine, table } = await openWithBoth();
    const [content, files] = [readFileSync(table), readdirSync(path)];
    unlinkSync(table);
    expect(await engine.missingFiles()).toEqual([basename(table)]);
    expect(await restored(engine)).toEqual([]);
    expect(readFileSync(table).equals(content)).toBe(true);
    expect(readdirSync(path)).toEqual(files);
    await engine.close();
    await expectBoth(await open("existing"));
  });

  test("is restored where the shard takes no writes any more, and no compaction could do it", async () => {
    const { engine, table } = await openWithBoth();
    const moved = `${path}.moved`;
    renameSync(path, moved);
    await engine.flush().catch(() => {});
    await expect(engine.compact(), "RocksDB is read-only now").rejects.toThrow();
    renameSync(moved, path);
    unlinkSync(table);
    expect(await restored(engine)).toEqual([]);
    await engine.close();
    await expectBoth(await open("existing"));
  });

  test("is restored where the whole directory was moved away, from where it is now", async () => {
    const { engine, table } = await openWithBoth();
    renameSync(path, `${path}.moved`);
    // RocksDB is read-only from here on: neither flush nor compaction writes anything anew.
    await engine.flush().catch(() => {});
    await engine.restore(await engine.missingFiles()).catch(() => {});
    const left = await engine.missingFiles();
    expect(left).not.toContain(basename(table));
    expect(left.filter((name) => !/^MANIFEST-|^CURRENT$|\.log$/.test(name))).toEqual([]);
    await engine.close().catch(() => {});
    await expectBoth(await open("existing"));
  });

  test("is found where the shard's directory is a symbolic link", async () => {
    const elsewhere = join(temporaryDirectory(), "disk");
    await (await openEngine(elsewhere, engineOptions("create"))).close();
    symlinkSync(elsewhere, path);
    const engine = await open("existing");
    await engine.write((batch) => batch.put(FLUSHED, VALUE));
    await engine.flush();
    unlinkSync(filesOf(path, ".sst")[0] as string);
    expect(await restored(engine)).toEqual([]);
  });
});

describe("CURRENT that is damaged under an open shard", () => {
  test.each([
    ["is empty", ""],
    ["is cut", "MANIFEST"],
    ["has no end", "MANIFEST-000005"],
    ["names what is not there", "MANIFEST-000099\n"],
    ["names what is no MANIFEST", "000009.sst\n"],
    ["is garbage", "\0\xff\n".repeat(100)],
  ])("counts as missing, and is written anew: %s", async (_, text) => {
    const { engine } = await openWithBoth();
    const current = join(path, "CURRENT");
    const content = readFileSync(current, "utf8");
    writeFileSync(current, text);
    expect(await engine.missingFiles()).toEqual(["CURRENT"]);
    expect(await restored(engine)).toEqual([]);
    expect(readFileSync(current, "utf8")).toBe(content);
    await engine.close();
    await expectBoth(await open("existing"));
  });
});

describe("a MANIFEST that RocksDB has begun since the shard was opened", () => {
  /** As RocksDB leaves it, but that the one it has open is another. */
  async function openWithSecond(): Promise<{ engine: Engine; first: string; second: string }> {
    const { engine } = await openWithBoth();
    await engine.evidence();
    const first = manifestOf(path);
    const second = join(path, "MANIFEST-000099");
    copyFileSync(first, second);
    writeFileSync(join(path, "CURRENT"), `${basename(second)}\n`);
    return { engine, first, second };
  }

  test("is the one that is missed, and not the one before it", async () => {
    const { engine, first, second } = await openWithSecond();
    unlinkSync(first);
    expect(await engine.missingFiles()).toEqual([]);
    unlinkSync(second);
    expect(await engine.missingFiles()).toEqual([basename(second)]);
  });

  test("is what CURRENT names when it is written anew", async () => {
    const { engine, first, second } = await openWithSecond();
    unlinkSync(first);
    await engine.missingFiles();
    unlinkSync(join(path, "CURRENT"));
    expect(await restored(engine)).toEqual([]);
    expect(manifestOf(path)).toBe(second);
  });

  test("is found where CURRENT went before anybody had looked", async () => {
    const { engine, first, second } = await openWithSecond();
    unlinkSync(first);
    unlinkSync(join(path, "CURRENT"));
    expect(await restored(engine)).toEqual([]);
    expect(manifestOf(path)).toBe(second);
  });

  test.each<[string, (first: string, second: string) => void]>([
    ["none is there", (first, second) => [first, second].map((file) => unlinkSync(file))],
    ["there are two", () => {}],
    ["it is not whole", (first, second) => [unlinkSync(first), flipByte(second, 20)]],
    ["it is empty", (first, second) => [unlinkSync(first), truncateSync(second)]],
  ])("is not guessed: where %s no CURRENT is written", async (_, change) => {
    const { engine, first, second } = await openWithSecond();
    change(first, second);
    unlinkSync(join(path, "CURRENT"));
    expect(await restored(engine)).toContain("CURRENT");
    expect(existsSync(join(path, "CURRENT"))).toBe(false);
  });

  test("has a higher number: a CURRENT that names an older one is damaged", async () => {
    const { engine } = await openWithBoth();
    const manifest = manifestOf(path);
    copyFileSync(manifest, join(path, "MANIFEST-000001"));
    writeFileSync(join(path, "CURRENT"), "MANIFEST-000001\n");
    expect(await restored(engine)).toEqual([]);
    expect(manifestOf(path)).toBe(manifest);
  });
});

test.each(["CURRENT", "the MANIFEST"])(
  "a close that leaves the shard without %s does not look like one that went well",
  async (what) => {
    const { engine } = await openWithBoth();
    const manifest = manifestOf(path);
    unlinkSync(join(path, "CURRENT"));
    // RocksDB writes both anew where its MANIFEST is gone: not where a directory is in the way.
    if (what === "the MANIFEST") {
      mkdirSync(join(path, "CURRENT"));
      unlinkSync(manifest);
    }
    await expect(engine.close()).rejects.toMatchObject({ kind: "io", path });
  },
);

test("a CURRENT that cannot be read is not missing, and is left alone", async () => {
  const { engine } = await openWithBoth();
  const current = join(path, "CURRENT");
  unlinkSync(current);
  symlinkSync("CURRENT", current);
  await expect(engine.missingFiles()).rejects.toMatchObject({ message: expect.stringContaining("ELOOP"), path });
  await engine.close().catch(() => {});
  expect(readlinkSync(current)).toBe("CURRENT");
});

test("a mark is never made of a CURRENT that names no MANIFEST", async () => {
  const { engine } = await openWithBoth();
  for (const text of ["", "MANIFEST", "000009.sst\n"]) {
    writeFileSync(join(path, "CURRENT"), text);
    await expect(engine.evidence()).rejects.toMatchObject({ kind: "corruption", path });
  }
});

describe("a MANIFEST that was cut or damaged under an open shard", () => {
  test("counts as missing until the shard is closed, which writes another", async () => {
    const { engine } = await openWithBoth();
    await engine.evidence();
    const manifest = manifestOf(path);
    truncateSync(manifest, Math.floor(statSync(manifest).size / 2));
    expect(await restored(engine)).toEqual([basename(manifest)]);
    await engine.close();
    expect(manifestOf(path)).not.toBe(manifest);
    await expectBoth(await open("existing"));
  });

  test("is written anew as well where it is as long as it was, and damaged", async () => {
    const { engine } = await openWithBoth();
    const manifest = manifestOf(path);
    flipByte(manifest, Math.floor(statSync(manifest).size / 2));
    await engine.close();
    expect(manifestOf(path)).not.toBe(manifest);
    expect(readdirSync(path).filter((name) => /MANIFEST/.test(name))).toEqual([basename(manifestOf(path))]);
    await expectBoth(await open("existing"));
  });

  test("is put back where RocksDB, because it had failed on it before, writes no other", async () => {
    const { engine } = await openWithBoth();
    await engine.close();
    const manifest = manifestOf(path);
    flipByte(manifest, statSync(manifest).size - 1);
    const content = readFileSync(manifest);
    const damaged = { name: basename(manifest), bytes: 0 };
    await withoutDamagedManifest(path, damaged, async () => {
      expect(existsSync(manifest)).toBe(false);
    });
    expect(readFileSync(manifest).equals(content)).toBe(true);
    const failing = withoutDamagedManifest(path, damaged, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(readFileSync(manifest).equals(content)).toBe(true);
  });

  test("is put back before the next open where the process died meanwhile", async () => {
    const { engine } = await openWithBoth();
    await engine.close();
    const manifest = manifestOf(path);
    flipByte(manifest, statSync(manifest).size - 1);
    const content = readFileSync(manifest);
    const died = `${path}.died`;
    await withoutDamagedManifest(path, { name: basename(manifest), bytes: 0 }, async () => {
      cpSync(path, died, { recursive: true });
    });
    await putBackManifest(died);
    expect(readFileSync(manifestOf(died)).equals(content)).toBe(true);
    expect(readdirSync(died).sort()).toEqual(readdirSync(path).sort());
  });

  test("is not put back over another, nor where CURRENT names none", async () => {
    const { engine } = await openWithBoth();
    await engine.close();
    writeFileSync(join(path, `.rockspool-${basename(manifestOf(path))}`), "old");
    const whole = listing(path);
    await putBackManifest(path);
    expect(listing(path)).toStrictEqual(whole);
    writeFileSync(join(path, "CURRENT"), "");
    const damaged = listing(path);
    await putBackManifest(path);
    expect(listing(path)).toStrictEqual(damaged);
  });

  test("is not touched where it cannot be read: it may be whole", async () => {
    const { engine } = await openWithBoth();
    await engine.close();
    const manifest = manifestOf(path);
    unlinkSync(manifest);
    // Reading it fails with EISDIR, as it does with EIO on a disk that fails.
    mkdirSync(manifest);
    await withoutDamagedManifest(path, { name: basename(manifest), bytes: 0 }, async () => {
      expect(existsSync(manifest)).toBe(true);
    });
    expect(existsSync(manifest)).toBe(true);
  });

  test("is not touched where it is whole", async () => {
    const { engine } = await openWithBoth();
    await engine.close();
    const manifest = manifestOf(path);
    await withoutDamagedManifest(path, { name: basename(manifest), bytes: 0 }, async () => {
      expect(existsSync(manifest)).toBe(true);
    });
  });

  test("may be longer than it is known to be", async () => {
    const { engine } = await openWithBoth();
    await engine.evidence();
    await engine.flush();
    expect(await engine.missingFiles()).toEqual([]);
  });
});

describe("a log that was removed under an open shard", () => {
  test("is made superfluous by a flush", async () => {
    const { engine, log } = await openWithBoth();
    unlinkSync(log);
    expect(await restored(engine)).toEqual([]);
    await engine.close().catch(() => {});
    await expectBoth(await open("existing"));
  });

  test("is written anew when the shard closes, where nothing has made it superfluous", async () => {
    const { engine, log } = await openWithBoth();
    const content = readFileSync(log);
    unlinkSync(log);
    await engine.close();
    expect(readFileSync(log).equals(content)).toBe(true);
    await expectBoth(await open("existing"));
  });

  test("stays away where the spool is gone, which is no failure then", async () => {
    const { engine, log } = await openWithBoth();
    unlinkSync(log);
    await engine.close(true);
    expect(readdirSync(path)).not.toContain(basename(log));
  });

  test("stays away where its content is in a table", async () => {
    const { engine, log } = await openWithBoth();
    await engine.flush();
    await engine.close();
    expect(readdirSync(path)).not.toContain(basename(log));
  });
});

test("a directory that was removed under an open shard is there again, with all that was in it", async () => {
  const { engine } = await openWithBoth();
  rmSync(path, { recursive: true });
  const left = await restored(engine);
  expect(left.filter((name) => !/^(MANIFEST-.*|CURRENT)$/.test(name))).toEqual([]);
  await engine.close().catch(() => {});
  await expectBoth(await open("existing"));
});

test("a file in the place of a shard's directory: all is missing, and is there again when the file is gone", async () => {
  const { engine } = await openWithBoth();
  const all = readdirSync(path).filter((name) => /^(CURRENT|MANIFEST-.*|.*\.(sst|log))$/.test(name));
  rmSync(path, { recursive: true });
  writeFileSync(path, "garbage");
  expect((await engine.missingFiles()).sort()).toEqual(all.sort());
  await expect(restored(engine)).rejects.toMatchObject({ kind: "io", path });
  await expectBoth(engine);
  unlinkSync(path);
  const left = await restored(engine);
  expect(left.filter((name) => !/^(MANIFEST-.*|CURRENT)$/.test(name))).toEqual([]);
  await engine.close().catch(() => {});
  await expectBoth(await open("existing"));
});

test("a directory that went away with the spool is closed without a failure, and not made anew", async () => {
  const { engine } = await openWithBoth();
  rmSync(join(path, ".."), { recursive: true });
  await engine.close(true);
  expect(existsSync(join(path, ".."))).toBe(false);
});

test("a directory whose parent is gone too is not made anew", async () => {
  const { engine } = await openWithBoth();
  rmSync(join(path, ".."), { recursive: true });
  await expect(restored(engine)).rejects.toMatchObject({ kind: "io", path });
  expect(existsSync(join(path, ".."))).toBe(false);
  await expect(engine.close(), "what was only in the log is lost").rejects.toMatchObject({ kind: "io", path });
});

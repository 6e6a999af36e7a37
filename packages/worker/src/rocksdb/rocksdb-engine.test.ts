import { readdirSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { SpoolEngineError, SpoolLockedError } from "@rockspool/core";
import RocksDB from "rocksdb-native";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { filesOf, flipByte, manifestOf } from "../../test/damage.ts";
import { engineOptions } from "../../test/engine-options.ts";
import { listing, temporaryDirectory } from "../../test/temporary-directory.ts";
import type { Engine, EngineOptions } from "../engine/engine.ts";
import { isDefinitivelyBad } from "../engine/engine-error.ts";
import { openEngine } from "./rocksdb-engine.ts";

const KEYS = Array.from({ length: 20 }, (_, index) => Buffer.alloc(16, index + 1));
/** Each fills a block of a table. */
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

/** An open shard whose values are all in one table. */
async function openWithTable(): Promise<{ engine: Engine; table: string }> {
  const engine = await open("create");
  await engine.write((batch) => {
    for (const key of KEYS) batch.put(key, VALUE);
  });
  await engine.flush();
  return { engine, table: filesOf(path, ".sst")[0] as string };
}

async function refusalOf(work: Promise<unknown>): Promise<SpoolEngineError> {
  const error = await work.then(
    () => "no error",
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(SpoolEngineError);
  return error as SpoolEngineError;
}

describe("a damaged table block in an open shard", () => {
  /** A key in the middle is damaged. */
  async function openDamaged(): Promise<Engine> {
    const { engine, table } = await openWithTable();
    flipByte(table, Math.floor(KEYS.length / 2) * VALUE.byteLength);
    return engine;
  }

  it("fails only the key that it holds, as corruption", async () => {
    const engine = await openDamaged();
    const values = await engine.getMany(KEYS);
    const errors = values.filter((value) => value instanceof Error);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(SpoolEngineError);
    expect(errors[0]).toMatchObject({ kind: "corruption", path, cause: { code: "EIO" } });
    for (const value of values) if (!(value instanceof Error)) expect(VALUE.equals(value as Uint8Array)).toBe(true);
    const broken = KEYS[values.findIndex((value) => value instanceof Error)] as Buffer;
    expect(await refusalOf(engine.get(broken))).toMatchObject({ kind: "corruption", path });
    expect(await engine.get(KEYS[0] as Buffer)).not.toBeNull();
  });

  it("fails the page that reads it, as corruption; pages before and after it are complete", async () => {
    const engine = await openDamaged();
    expect(await refusalOf(engine.page(null, KEYS.length))).toMatchObject({ kind: "corruption", path });
    expect(await engine.page(null, 5)).toHaveLength(5);
    expect(await engine.page(KEYS[14] as Buffer, 5)).toHaveLength(5);
  });

  it("fails a compaction, as corruption; RocksDB then rejects writes and still serves reads", async () => {
    const engine = await openDamaged();
    expect(await refusalOf(engine.compact())).toMatchObject({ kind: "corruption", path });
    const error = await refusalOf(engine.write((batch) => batch.put(Buffer.alloc(16), VALUE)));
    expect(isDefinitivelyBad(error)).toBe(true);
    expect(await engine.page(null, 5)).toHaveLength(5);
    await engine.close();
    expect(await (await open("existing")).page(null, 5)).toHaveLength(5);
  });
});

describe("a table that is missing when the shard is opened", () => {
  it("fails the open with the same error each time, and no file is deleted", async () => {
    const { engine, table } = await openWithTable();
    await engine.close();
    unlinkSync(table);
    const files = (): string[] => listing(path).filter((line) => !/^(LOG|OPTIONS)/.test(line));
    const before = files();
    const errors = [await refusalOf(open("existing")), await refusalOf(open("existing"))];
    for (const error of errors) {
      expect(isDefinitivelyBad(error)).toBe(true);
      expect(error.path).toBe(path);
    }
    expect(errors[0]?.message).toBe(errors[1]?.message);
    expect(files()).toStrictEqual(before);
  });
});

describe("the missing files of an open index", () => {
  it("are none while all are there, however often it is flushed and compacted", async () => {
    const { engine } = await openWithTable();
    await engine.compact();
    expect(await engine.missingFiles()).toStrictEqual([]);
  });

  it("are a live table, CURRENT, or the MANIFEST that it names", async () => {
    const { engine, table } = await openWithTable();
    renameSync(table, `${table}.away`);
    expect(await engine.missingFiles()).toStrictEqual([basename(table)]);
    renameSync(`${table}.away`, table);
    const manifest = manifestOf(path);
    renameSync(manifest, `${manifest}.away`);
    expect(await engine.missingFiles()).toStrictEqual([basename(manifest)]);
    renameSync(`${manifest}.away`, manifest);
    unlinkSync(join(path, "CURRENT"));
    expect(await engine.missingFiles()).toStrictEqual(["CURRENT"]);
  });

  it("are CURRENT and all live tables where the directory is gone", async () => {
    const { engine, table } = await openWithTable();
    renameSync(path, `${path}-away`);
    expect(await engine.missingFiles()).toStrictEqual(["CURRENT", basename(table)]);
    renameSync(`${path}-away`, path);
  });
});

it("removing the directory of an open shard fails the next flush, as an i/o error", async () => {
  const engine = await open("create");
  await engine.write((batch) => batch.put(KEYS[0] as Buffer, VALUE));
  rmSync(path, { recursive: true });
  expect(await refusalOf(engine.flush())).toMatchObject({ kind: "io", path });
  // Its entries are lost: the message log has them.
  await engine.close();
});

describe("a directory that is already open", () => {
  it("rejects a second open, which leaves the first one intact", async () => {
    const first = await open("create");
    await first.write((batch) => batch.put(KEYS[0] as Buffer, VALUE));
    const before = listing(path).filter((line) => !line.startsWith("LOG"));
    for (const mode of ["existing", "create"] as const) {
      const error = await open(mode).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(SpoolLockedError);
      expect(error).toMatchObject({ path, cause: { message: expect.stringContaining("lock") } });
    }
    expect(listing(path).filter((line) => !line.startsWith("LOG"))).toStrictEqual(before);
    await first.write((batch) => batch.put(KEYS[1] as Buffer, VALUE));
    expect(await first.page(null, 10)).toHaveLength(2);
  });

  it("can be opened again when it is closed", async () => {
    await (await open("create")).close();
    await open("existing");
  });
});

describe("RocksDB's old LOG files", () => {
  const oldLogs = (): string[] => readdirSync(path).filter((name) => name.startsWith("LOG.old."));

  /** Their ages are in their modification times; the order of their names is another. */
  async function closedWithOldLogs(count: number): Promise<string[]> {
    await (await openEngine(path, engineOptions("create"))).close();
    for (const name of oldLogs()) unlinkSync(join(path, name));
    return Array.from({ length: count }, (_, age) => {
      const name = `LOG.old.${(age * 7) % 97}`;
      writeFileSync(join(path, name), "old");
      utimesSync(join(path, name), 1_000_000 - age, 1_000_000 - age);
      return name;
    });
  }

  it("are reduced to the ten newest when a shard is opened", async () => {
    const byAge = await closedWithOldLogs(20);
    writeFileSync(join(path, "LOG.other"), "not RocksDB's");
    await open("existing");
    const kept = oldLogs();
    expect(kept).toHaveLength(10);
    // The tenth is the LOG of the last open, which RocksDB has just renamed.
    expect(kept.filter((name) => byAge.includes(name)).sort()).toStrictEqual(byAge.slice(0, 9).sort());
    expect(readdirSync(path)).toEqual(expect.arrayContaining(["LOG", "LOG.other"]));
  });

  it("stay ten, however often a shard is opened", async () => {
    await (await openEngine(path, engineOptions("create"))).close();
    for (let round = 0; round < 14; round++) await (await openEngine(path, engineOptions("existing"))).close();
    expect(oldLogs()).toHaveLength(10);
  });
});

it("properties are RocksDB's", async () => {
  const engine = await open("create");
  expect(await engine.property("num-files-at-level0")).toBe(0);
  const empty = await engine.property("cur-size-active-mem-table");
  await engine.write((batch) => batch.put(KEYS[0] as Buffer, VALUE));
  expect(await engine.property("cur-size-active-mem-table")).toBeGreaterThan(empty + VALUE.byteLength - 1);
  await engine.flush();
  expect(await engine.property("num-files-at-level0")).toBe(1);
});

it("the live tables are in the property that lists them, and a flush adds one", async () => {
  const { engine, table } = await openWithTable();
  expect(await engine.tables()).toContain(`${Number.parseInt(basename(table), 10)}:`);
});

it("a page fails if its iterator is closed early without an error", async () => {
  const { engine } = await openWithTable();
  const { iterator } = RocksDB.prototype;
  const opening = vi.spyOn(RocksDB.prototype, "iterator").mockImplementation(function (this: RocksDB, ...args) {
    const opened = iterator.apply(this, args);
    opened.once("data", () => opened.destroy());
    return opened;
  });
  onTestFinished(() => opening.mockRestore());
  expect((await refusalOf(engine.page(null, KEYS.length))).message).toBe("an iterator was closed before its end");
});

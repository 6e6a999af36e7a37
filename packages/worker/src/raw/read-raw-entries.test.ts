import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesOf } from "../../test/damage.ts";
import { listing, temporaryDirectory } from "../../test/temporary-directory.ts";
import { newest, reading, writtenShard } from "../../test/written-shard.ts";
import { readRawEntries } from "./read-raw-entries.ts";

it.each([
  ["overlapping tables", { compact: false }],
  ["a compacted table, whose sequence numbers are 0", { compact: true }],
  ["values of several MiB", { large: true }],
])("finds what RocksDB finds, and changes no file: %s", async (_, options) => {
  const { path, contents } = await writtenShard(1, options);
  const before = listing(path);
  const { entries, damages } = await reading(path);
  expect(damages).toEqual([]);
  expect(newest(entries)).toEqual(contents);
  expect(listing(path)).toEqual(before);
});

it.each([{ large: false }, { large: true }])("finds everything in the logs alone: %o", async (options) => {
  const { logs, contents } = await writtenShard(2, options);
  expect(filesOf(logs, ".log").length).toBeGreaterThan(3);
  const { entries, damages } = await reading(logs);
  expect(damages).toEqual([]);
  expect(newest(entries)).toEqual(contents);
});

it("a compacted table has sequence numbers of 0", async () => {
  const { path } = await writtenShard(3, { compact: true });
  const { entries } = await reading(path);
  const inTables = entries.filter(({ file }) => file.endsWith(".sst"));
  expect(inTables.length).toBeGreaterThan(0);
  expect(new Set(inTables.map(({ sequence }) => sequence))).toEqual(new Set([0n]));
});

it("an empty log is not damaged; an empty table is, and so is a file that cannot be read", async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "000001.log"), "");
  writeFileSync(join(directory, "000002.sst"), "");
  mkdirSync(join(directory, "000003.sst"));
  writeFileSync(join(directory, "MANIFEST-000004"), "not read");
  const { entries, damages } = await reading(directory);
  expect(entries).toEqual([]);
  expect(new Set(damages.map(({ file }) => file))).toEqual(
    new Set([join(directory, "000002.sst"), join(directory, "000003.sst")]),
  );
});

it("a missing directory is an error", async () => {
  await expect(reading(join(temporaryDirectory(), "missing"))).rejects.toThrow("ENOENT");
});

it("a consumer that stops early leaves no file open", async () => {
  const { path } = await writtenShard(4);
  for await (const _ of readRawEntries(path, () => {})) break;
  const open = readdirSync("/proc/self/fd").map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return "";
    }
  });
  expect(open.filter((target) => target.startsWith(path))).toEqual([]);
});

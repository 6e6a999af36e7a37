import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cutRecords, filesOf, flipByte } from "../../test/damage.ts";
import { BATCHES, OLDER_BATCHES, shardWithTable } from "../../test/marked-shard.ts";
import { withSyncedBefore } from "./evidence.ts";
import { readMark, writeMark } from "./mark.ts";
import { unreadLogs } from "./unread-logs.ts";

/**
 * The newer batches are in the log alone; the mark knows of none of them, or of all, synced before its batch or not.
 */
async function shard(mark: "before the log" | "all" | "all, not synced before") {
  const { path, markPath } = await shardWithTable();
  const { batch = 0, evidence } = (await readMark(markPath)) ?? {};
  if (mark === "before the log" && evidence)
    await writeMark(markPath, { batch: OLDER_BATCHES, evidence: { ...evidence, logs: [] } });
  if (mark === "all" && evidence)
    await writeMark(markPath, { batch, evidence: withSyncedBefore(evidence, evidence.logs) });
  const log = filesOf(path, ".log").at(-1) as string;
  return {
    directory: path,
    log,
    size: readFileSync(log).byteLength,
    unread: (keep = 0) => unreadLogs(path, markPath, keep),
  };
}

it("nothing is said of logs that are whole", async () => {
  const { unread, size } = await shard("before the log");
  expect(size).toBeGreaterThan(0);
  expect(await unread()).toBeNull();
});

it("a record that was spoiled behind the mark is told of, by its place", async () => {
  const { unread, log, size } = await shard("before the log");
  flipByte(log, size - 5);
  expect(await unread()).toMatch(
    new RegExp(`^\\d{6}\\.log from byte \\d+ of ${size} on: a record's checksum does not match$`),
  );
});

it("one in the middle is told of once, whatever comes behind it", async () => {
  const { unread, log } = await shard("before the log");
  flipByte(log, 20);
  expect((await unread())?.match(/\.log from byte 0 of/g)).toHaveLength(1);
});

it("a record that was cut behind the mark is told of", async () => {
  const { unread, log, size } = await shard("before the log");
  truncateSync(log, size - 5);
  expect(await unread()).toMatch(/on: a record is longer than what is there of its block$/);
});

it("a log that was cut at a record's end looks whole", async () => {
  const { unread, log } = await shard("before the log");
  cutRecords(log, BATCHES - OLDER_BATCHES - 1);
  expect(await unread()).toBeNull();
});

it("a log that was synced to its end before the batch is not read: the batch number shows what is lost", async () => {
  const { unread, log, size } = await shard("all");
  flipByte(log, size - 5);
  expect(await unread()).toBeNull();
});

it("what the mark knows and was not synced before its batch is read: it may have come behind the batch", async () => {
  const { unread, log, size } = await shard("all, not synced before");
  flipByte(log, size - 5);
  expect(await unread()).toMatch(/on: a record's checksum does not match$/);
});

it("nothing is said of a log that RocksDB does not need any more", async () => {
  const { unread, directory } = await shard("before the log");
  writeFileSync(join(directory, "000001.log"), "garbage");
  expect(await unread(1)).toContain("000001.log from byte 0");
  expect(await unread(2)).toBeNull();
});

it("what cannot be opened or read is for the engine to tell of", async () => {
  const { unread, directory } = await shard("before the log");
  symlinkSync("/nowhere/000001.log", join(directory, "000001.log"));
  mkdirSync(join(directory, "000002.log"));
  expect(await unread()).toBeNull();
});

it("a directory that is not there is for others to tell of", async () => {
  expect(await unreadLogs("/nowhere/shard-000", "/nowhere/shard-000.mark", 0)).toBeNull();
});

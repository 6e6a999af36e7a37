import { cp, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import {
  type RocksSpool,
  SpoolEngineError,
  SpoolError,
  SpoolId,
  SpoolNotFoundError,
  SpoolUnhealthyError,
} from "rockspool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { flipByte } from "../chaos/support/damage.ts";
import { type LogBlock, readSegment } from "../support/message-log.ts";
import { payload } from "../support/payload.mjs";
import { RecordingLogger } from "../support/recording-logger.ts";
import { rejection } from "../support/rejection.ts";
import {
  changeMark,
  listing,
  logPath,
  markedBlock,
  readMark,
  segmentFiles,
  shardOf,
  shardPath,
} from "../support/shard-files.ts";
import { onRocksDB, openForTest, openUnchecked } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { BYTES, COUNT, idsOfShard, SHARDS } from "./children/filling.mjs";
import { makeKilledSpool, type NewerPlaces } from "./killed-spool.ts";
import { DAMAGED, indexDamages, type SilentLoss, silentLosses } from "./losses.ts";

const SOUND = 1;
const OLDER = { from: 0, to: COUNT };
const NEWER = { from: COUNT, to: 2 * COUNT };

/** Holds a killed spool for each way to end, which the tests copy and damage. */
let killed: string;

beforeAll(async () => {
  killed = await makeTemporaryDirectory();
  for (const newer of ["log", "flush"] as const) await makeKilledSpool(join(killed, newer), newer);
});

afterAll(() => rm(killed, { recursive: true, force: true }));

describe("a loss of messages", () => {
  it("is not seen where there is none: killed without a close, the spool opens and holds everything", async () => {
    const path = await killedSpool("log");
    const spool = await openForTest(onRocksDB, { path });
    await expectAllThere(spool);
  });

  it.each(silentLosses)("is found, and nothing is opened for writing: $name", async (loss) => {
    const path = await killedSpool("log");
    const marked = (await markedBlock(path, DAMAGED)) as number;
    expect(marked).toBe(2 * COUNT);
    await loss.damage(path);
    const before = await filesOf(path);

    for (const look of ["first", "second"]) {
      const logger = new RecordingLogger();
      const spool = await openUnchecked(onRocksDB, { path, shards: SHARDS, logger, monitorInterval: "20ms" });
      await expectFound(spool, loss, marked);
      await expectLeft(spool, loss);
      await expectOthersServe(spool);
      expect(
        logger.alarms.filter((line) => line.includes("shard-000") || /"(shard|index)":0/.test(line)),
        look,
      ).not.toEqual([]);
      await spool.shutdown();
      expect(await filesOf(path), `after the ${look} look`).toEqual(before);
    }
  });

  it.each([
    ["within the same boot", true],
    ["after a power cut", false],
  ])("is none where the last block behind the mark is torn, which is told in the log: %s", async (_when, sameBoot) => {
    const path = await killedSpool("log");
    if (sameBoot) await asIfInPlace(path);
    const blocks = await forgetNewerSegment(path);
    const [, file = ""] = await segmentFiles(path, DAMAGED);
    // Within one boot a write is cut short; a power cut may leave any page out.
    const { offset, bytes } = blocks.at(-1) ?? expect.fail("there is no block");
    if (sameBoot) await truncate(file, offset + bytes - 10);
    else flipByte(file, offset + bytes - 10);
    const logger = new RecordingLogger();
    const spool = await openForTest(onRocksDB, { path, logger });
    expect(spool.health()[DAMAGED]).toMatchObject({ state: "open", latched: false });
    expect(await loadable(spool, DAMAGED, 0, 2 * COUNT)).toBe(2 * COUNT - 1);
    const alarms = logger.alarms.filter((line) => line.includes("left behind, torn and not synced"));
    expect(alarms).toEqual([expect.stringContaining(`0000000002.seg from ${offset} to`)]);
    expect(alarms[0]).toContain("shard-000");
    // It stays behind: the next opening is within the same boot, where a block that is there counts without a look at
    // its bodies.
    await spool.shutdown();
    const again = await openForTest(onRocksDB, { path });
    const id = idAt(DAMAGED, 2 * COUNT - 1);
    expect(await rejection(again.load(id))).toBeInstanceOf(SpoolNotFoundError);
  });

  it.each([
    ["within the same boot", true],
    ["after a power cut, where a later block says that it was synced", false],
  ])("is one where a block behind the mark is damaged and others follow: %s", async (_when, sameBoot) => {
    const path = await killedSpool("log");
    if (sameBoot) await asIfInPlace(path);
    const blocks = await forgetNewerSegment(path);
    const [, file = ""] = await segmentFiles(path, DAMAGED);
    const damaged = blocks[4] ?? expect.fail("there is no block");
    flipByte(file, damaged.offset + 70);
    const spool = await openUnchecked(onRocksDB, { path });
    expect(spool.health()[DAMAGED]).toMatchObject({
      state: "read-only",
      latched: true,
      missingBatches: { from: damaged.block, to: damaged.block },
    });
    expect(await loadable(spool, DAMAGED, 0, 2 * COUNT), "all others are served").toBe(2 * COUNT - 1);
  });

  it("is told of one message where its body alone is damaged: all others are served and written", async () => {
    const path = await killedSpool("log");
    const { blocks } = await readSegment(logPath(path, DAMAGED), 1, await readMark(path, DAMAGED));
    const { offset, bytes } = blocks[3] ?? expect.fail("there is no block");
    flipByte((await segmentFiles(path, DAMAGED))[0] as string, offset + bytes - 10);
    const spool = await openUnchecked(onRocksDB, { path });
    const error = await rejection<SpoolEngineError>(spool.load(idAt(DAMAGED, 3)));
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({ kind: "corruption" });
    expect(await loadable(spool, DAMAGED, 0, 2 * COUNT)).toBe(2 * COUNT - 1);
  });

  it("in every shard leaves a spool that cannot be opened, if none can be read", async () => {
    const path = await killedSpool("log");
    for (const shard of [DAMAGED, SOUND]) await removeDirectory(path, shard);
    const error = await rejection<AggregateError>(onRocksDB.open({ path }));
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([expect.any(SpoolError), expect.any(SpoolError)]);
    for (const shard of [DAMAGED, SOUND]) expect(await listing(logPath(path, shard))).toEqual(["missing"]);
    // The same again: it did not make what was missing.
    expect(await rejection(onRocksDB.open({ path }))).toBeInstanceOf(AggregateError);
  });

  it("in its only readable shard leaves a spool that sheds all load", async () => {
    const path = await killedSpool("log");
    await removeDirectory(path, SOUND);
    await (silentLosses.find(({ name }) => name === "the newest segment is missing") as SilentLoss).damage(path);
    const spool = await openUnchecked(onRocksDB, { path });
    expect(spool.unhealthyReason()).toBe("the spool is not accepting writes");
    expect(await rejection(spool.store(spool.newId(), payload(1, 10)))).toBeInstanceOf(SpoolUnhealthyError);
    expect(await loadable(spool, DAMAGED, OLDER.from, OLDER.to)).toBe(COUNT);
  });

  it("sheds all load at once where any shard counts", async () => {
    const path = await killedSpool("log");
    await removeDirectory(path, DAMAGED);
    const spool = await openUnchecked(onRocksDB, { path, shedWhen: "any" });
    expect(spool.unhealthyReason()).toBe("the spool is not accepting writes");
  });
});

describe("damage of the index", () => {
  it.each(
    indexDamages.flatMap((damage) =>
      (["log", "flush"] as const).flatMap((newer) => [
        { ...damage, newer, where: "in its place" },
        { ...damage, newer, where: "of a copy" },
      ]),
    ),
  )("loses no message: $name, $where, newer places in a $newer", async ({ damage, newer, where }) => {
    const path = await killedSpool(newer);
    if (where === "in its place") await asIfInPlace(path);
    await damage(path);
    const logger = new RecordingLogger();
    const spool = await openForTest(onRocksDB, { path, shards: SHARDS, logger });
    await expectAllThere(spool);
    if (where === "of a copy")
      expect(logger.alarms).toContainEqual(expect.stringMatching(/shard-000.*the index is made anew/));
    const id = spool.newId();
    expect(await spool.store(id, payload(77, 300), { forceSync: true })).toBe("synced");
  });

  it.each(indexDamages)("loses no message after a clean close: $name", async ({ damage }) => {
    const path = await killedSpool("log");
    await (await onRocksDB.open({ path })).shutdown();
    await damage(path);
    const spool = await openForTest(onRocksDB, { path });
    await expectAllThere(spool);
  });
});

async function expectAllThere(spool: RocksSpool): Promise<void> {
  expect(spool.health().map(({ state, reason }) => ({ state, reason }))).toEqual([
    { state: "open", reason: null },
    { state: "open", reason: null },
  ]);
  for (const shard of [DAMAGED, SOUND]) expect(await loadable(spool, shard, 0, 2 * COUNT)).toBe(2 * COUNT);
}

/** A copy of the spool whose process was killed. */
async function killedSpool(newer: NewerPlaces): Promise<string> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(join(killed, newer), path, { recursive: true });
  return path;
}

/** As if the copy were the directory that the killed process left: its index is believed. */
async function asIfInPlace(path: string): Promise<void> {
  for (const shard of [DAMAGED, SOUND]) await changeMark(path, shard, { place: await placeOf(logPath(path, shard)) });
}

async function placeOf(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory, { bigint: true });
  return `${dev}:${ino}`;
}

/** As if the damaged shard's last mark were from before its newer segment; that one's blocks. */
async function forgetNewerSegment(path: string): Promise<readonly LogBlock[]> {
  const mark = await readMark(path, DAMAGED);
  await changeMark(path, DAMAGED, {
    segments: mark.segments.slice(0, 1),
    synced: COUNT,
    applied: { segment: 0, offset: 0, block: 0 },
  });
  return (await readSegment(logPath(path, DAMAGED), 2, mark)).blocks;
}

async function filesOf(path: string): Promise<string[][]> {
  return Promise.all([
    listing(shardPath(path, DAMAGED)),
    listing(logPath(path, DAMAGED)),
    listing(path).then((lines) => lines.filter((line) => /^(shard-000\.mark|rockspool\.json) /.test(line))),
  ]);
}

async function expectFound(spool: RocksSpool, loss: SilentLoss, marked: number): Promise<void> {
  const health = spool.health()[DAMAGED];
  const readable = loss.left.older !== "none" || loss.left.newer !== "none";
  expect(health).toMatchObject({
    state: readable ? "read-only" : "down",
    latched: true,
    reason: expect.stringMatching(/./),
  });
  expect(health?.since).toBeInstanceOf(Date);
  const missing = health?.missingBatches ?? null;
  if (loss.missing === "not told") expect(missing).toBeNull();
  else if (loss.missing === "up to the newer segment") expect(missing).toEqual({ from: 1, to: COUNT });
  else {
    expect(missing?.to).toBe(marked);
    // Each message is a block.
    const { older, newer } = loss.left;
    if (newer !== "some") expect(missing?.from).toBe(older === "all" ? COUNT + 1 : 1);
    else expect(missing?.from).toBeGreaterThan(COUNT + 1);
    expect(missing?.from).toBeLessThanOrEqual(marked);
  }
  for (let i = 0; i < 50; i++) expect(shardOf(spool.newId(), SHARDS), "newId steers around the shard").toBe(SOUND);
  for (const write of [
    () => spool.store(idAt(DAMAGED, 0), payload(9, 9)),
    () => spool.store(idAt(DAMAGED, 0), payload(9, 9), { forceSync: true }),
    () => spool.remove(idAt(DAMAGED, 0)),
  ]) {
    const error = await rejection(write());
    expect(error).toBeInstanceOf(SpoolUnhealthyError);
    expect(error).toMatchObject({ outcome: "not-written", message: "the spool is not accepting writes" });
  }
}

async function expectLeft(spool: RocksSpool, { left }: SilentLoss): Promise<void> {
  const older = await loadable(spool, DAMAGED, OLDER.from, OLDER.to);
  const newer = await loadable(spool, DAMAGED, NEWER.from, NEWER.to);
  for (const [found, expected] of [
    [older, left.older],
    [newer, left.newer],
  ] as const) {
    if (expected === "some") {
      expect(found).toBeGreaterThan(0);
      expect(found).toBeLessThan(COUNT);
    } else expect(found).toBe(expected === "all" ? COUNT : 0);
  }

  const seen = [0, 0];
  const reading = (async () => {
    for await (const entry of spool.enumerate()) {
      const shard = shardOf(entry.id as SpoolId, SHARDS);
      seen[shard] = (seen[shard] as number) + 1;
    }
  })();
  if (older + newer === 0) {
    const error = await rejection(reading);
    expect(error, "a shard that is down is no empty shard").toBeInstanceOf(SpoolEngineError);
    expect(`${error.message} ${(error as SpoolEngineError).path}`).toMatch(/shard/);
  } else await reading;
  expect(seen[DAMAGED]).toBe(older + newer);
  expect(seen[SOUND]).toBeGreaterThanOrEqual(2 * COUNT);
}

async function expectOthersServe(spool: RocksSpool): Promise<void> {
  expect(spool.health()[SOUND]).toMatchObject({ state: "open", latched: false, reason: null });
  expect(spool.unhealthyReason(), "one shard takes writes").toBeNull();
  expect(await loadable(spool, SOUND, 0, 2 * COUNT)).toBe(2 * COUNT);
  const id = spool.newId();
  expect(await spool.store(id, payload(77, 300), { forceSync: true })).toBe("synced");
  expect(Buffer.compare(await spool.load(id), payload(77, 300))).toBe(0);
  await spool.remove(id);
}

/**
 * How many of the shard's messages can be loaded. Those that cannot must say so with a typed error, those that can be
 * whole.
 */
async function loadable(spool: RocksSpool, shard: number, from: number, to: number): Promise<number> {
  let count = 0;
  for (let i = from; i < to; i++) {
    const result = await spool.load(idAt(shard, i)).catch((error: unknown) => {
      expect(error).toMatchObject({ code: expect.stringMatching(/^SPOOL_(ENGINE|NOT_FOUND)$/) });
      return null;
    });
    if (result === null) continue;
    expect(Buffer.compare(result, payload(i, BYTES)), `message ${i}`).toBe(0);
    count++;
  }
  return count;
}

function idAt(shard: number, i: number): SpoolId {
  return SpoolId.fromBytes(idsOfShard(shard)[i] as Uint8Array);
}

async function removeDirectory(path: string, shard: number): Promise<void> {
  await rm(logPath(path, shard), { recursive: true });
}

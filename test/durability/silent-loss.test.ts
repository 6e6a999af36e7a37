import { cp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { type RocksSpool, SpoolEngineError, SpoolError, SpoolId, SpoolUnhealthyError } from "rockspool";
import { openFaultySpool } from "rockspool/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { flipByte } from "../chaos/support/damage.ts";
import { entriesOf, idsOf } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { RecordingLogger } from "../support/recording-logger.ts";
import { rejection } from "../support/rejection.ts";
import { withRocksDB } from "../support/rocksdb.ts";
import { listing, markedBatch, markPath, shardFiles, shardOf, shardPath } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { BYTES, COUNT, idsOfShard, SHARDS } from "./children/filling.mjs";
import { makeKilledSpool } from "./killed-spool.ts";
import { DAMAGED, endOfMessages, type SilentLoss, silentLosses } from "./losses.ts";

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

describe("a loss that RocksDB keeps silent about", () => {
  it("is not seen where there is none: killed without a close, the spool opens and holds everything", async () => {
    const path = await killedSpool("log");
    const spool = await openUnchecked(onRocksDB, { path });
    expect(spool.health().map(({ state, reason }) => ({ state, reason }))).toEqual([
      { state: "open", reason: null },
      { state: "open", reason: null },
    ]);
    for (const shard of [DAMAGED, SOUND]) expect(await loadable(spool, shard, 0, 2 * COUNT)).toBe(2 * COUNT);
  });

  it.each(silentLosses)("is found, and nothing is opened for writing: $name", async (loss) => {
    const path = await killedSpool(loss.newer);
    const marked = (await markedBatch(path, DAMAGED)) as number;
    await loss.damage(path);
    expect(await rocksdbAlone(path)).toBe(loss.rocksdbAlone);
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

  it("behind the mark, in a log whose end cannot be read, is reported in the log lines", async () => {
    const path = await killedSpool("log");
    await forgetBehindTables(path);
    const [log] = await shardFiles(path, DAMAGED, ".log");
    const file = log ?? expect.fail("there is no log");
    flipByte(file, (await endOfMessages(file)) - 10);
    const logger = new RecordingLogger();
    const spool = await openUnchecked(onRocksDB, { path, logger });
    expect(spool.health()[DAMAGED], "a crash of the machine may leave it so").toMatchObject({ state: "open" });
    expect(await loadable(spool, DAMAGED, 0, 2 * COUNT)).toBe(2 * COUNT - 1);
    const alarms = logger.alarms.filter((line) => line.includes("shard-000"));
    expect(alarms).toEqual([
      expect.stringContaining(`the end of a log could not be read and is dropped: ${basename(file)}`),
    ]);
    expect(logger.alarms, "none of the other shard's").toHaveLength(1);
  });

  it("behind the mark's batch, in bytes of the same sync, is reported in the log lines too", async () => {
    const path = join(await temporaryDirectory(), "spool");
    const { spool, faults } = await openFaultySpool({ path, shards: 1, engine: "rocksdb", monitorInterval: "1s" });
    onTestFinished(() => spool.shutdown());
    const sync = faults.shard(0).stall("sync");
    await spool.store(spool.newId(), payload(1, BYTES));
    await faults.clock.advance("1s");
    await sync.reached();
    // Numbered is the batch before this one.
    await spool.store(spool.newId(), payload(2, BYTES));
    sync.release();
    await until("the mark knows the bytes", async () => (await markedBatch(path, 0)) === 2);
    const killed = join(await temporaryDirectory(), "killed");
    await cp(path, killed, { recursive: true });

    const [log] = await shardFiles(killed, 0, ".log");
    const file = log ?? expect.fail("there is no log");
    expect(await readFile(markPath(killed, 0), "utf8")).toContain(`"bytes":${(await stat(file)).size}`);
    flipByte(file, (await stat(file)).size - 10);
    const logger = new RecordingLogger();
    const reopened = await openUnchecked(onRocksDB, { path: killed, logger });
    expect(await idsOf(await entriesOf(reopened))).toHaveLength(1);
    expect(logger.alarms).toEqual([expect.stringContaining("the end of a log could not be read and is dropped")]);
  });

  it("in every shard leaves a spool that cannot be opened, if none can be read", async () => {
    const path = await killedSpool("log");
    for (const shard of [DAMAGED, SOUND]) await removeDirectory(path, shard);
    const error = await rejection<AggregateError>(onRocksDB.open({ path }));
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([expect.any(SpoolError), expect.any(SpoolError)]);
    for (const shard of [DAMAGED, SOUND]) expect(await listing(shardPath(path, shard))).toEqual(["missing"]);
    // The same again: it did not make what was missing.
    expect(await rejection(onRocksDB.open({ path }))).toBeInstanceOf(AggregateError);
  });

  it("in its only readable shard leaves a spool that sheds all load", async () => {
    const path = await killedSpool("log");
    await removeDirectory(path, SOUND);
    await (silentLosses.find(({ name }) => name === "a missing WAL") as SilentLoss).damage(path);
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

/** As if each shard's last mark were from before its log. */
async function forgetBehindTables(path: string): Promise<void> {
  for (const shard of [DAMAGED, SOUND]) {
    const [line = ""] = (await readFile(markPath(path, shard), "utf8")).split("\n");
    const mark = JSON.parse(line) as { evidence: { logs: unknown[] } };
    const older = JSON.stringify({ ...mark, batch: 0, evidence: { ...mark.evidence, logs: [] } });
    await writeFile(markPath(path, shard), `${older}\n${crc32(older).toString(16).padStart(8, "0")}\n`);
  }
}

/** A copy of the spool whose process was killed. */
async function killedSpool(newer: SilentLoss["newer"]): Promise<string> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(join(killed, newer), path, { recursive: true });
  return path;
}

/** On a copy: opening for writing is what would make the loss final. */
async function rocksdbAlone(path: string): Promise<"opens" | "refuses"> {
  const copy = join(await temporaryDirectory(), "copy");
  try {
    await cp(shardPath(path, DAMAGED), copy, { recursive: true });
    await withRocksDB(copy, { readOnly: false }, async () => {});
    return "opens";
  } catch {
    return "refuses";
  }
}

async function filesOf(path: string): Promise<string[][]> {
  return Promise.all([
    listing(shardPath(path, DAMAGED)),
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
  if (loss.countable) {
    const { from, to } = health?.missingBatches ?? expect.fail("the missing batches are not told");
    expect(to).toBe(marked);
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(to);
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
  expect(older).toBe(left.older === "all" ? COUNT : 0);
  if (left.newer === "some") {
    expect(newer).toBeGreaterThan(0);
    expect(newer).toBeLessThan(COUNT);
  } else expect(newer).toBe(left.newer === "all" ? COUNT : 0);

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
  await rm(shardPath(path, shard), { recursive: true });
}

import { copyFileSync, mkdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { cutRecords, filesOf, flipByte, manifestOf } from "../../test/damage.ts";
import { engineOptions } from "../../test/engine-options.ts";
import {
  BATCHES,
  OLDER_BATCHES,
  type Shard,
  shardWithOldManifest,
  shardWithTable,
  shardWithTwoLogs,
} from "../../test/marked-shard.ts";
import { listing } from "../../test/temporary-directory.ts";
import type { EngineModule, EngineOptions } from "../engine/engine.ts";
import type { Loss } from "../protocol/protocol.ts";
import * as rocksdb from "../rocksdb/rocksdb-engine.ts";
import { type Inspection, inspectShard } from "./inspection.ts";
import { readMark, writeMark } from "./mark.ts";

/** Inspects, and expects that no file changed and that the engine was opened read-only. */
async function inspect({ parent, path, markPath }: Shard): Promise<Inspection> {
  const modes: EngineOptions["mode"][] = [];
  const module: EngineModule = {
    openEngine: (path, options) => {
      modes.push(options.mode);
      return rocksdb.openEngine(path, options);
    },
  };
  const before = listing(parent);
  try {
    const inspection = await inspectShard({ path, markPath, module, options: engineOptions("existing") });
    if (inspection.kind === "loss") onTestFinished(() => inspection.engine?.close());
    return inspection;
  } finally {
    expect(listing(parent)).toStrictEqual(before);
    expect(modes.filter((mode) => mode !== "read-only")).toStrictEqual([]);
  }
}

async function lossOf(shard: Shard): Promise<{ loss: Loss; readable: number[] | null }> {
  const inspection = await inspect(shard);
  if (inspection.kind !== "loss") throw new Error("no loss was found");
  const { loss, engine } = inspection;
  if (engine === null) return { loss, readable: null };
  const messages = (await engine.page(null, 100)).filter(({ key }) => key.byteLength === 16);
  return { loss, readable: messages.map(({ key }) => key[0] as number) };
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function newestLog({ path }: Shard): string {
  return filesOf(path, ".log").at(-1) as string;
}

describe("a sound shard", () => {
  it.each([
    ["with a table and a log", shardWithTable],
    ["with two logs", shardWithTwoLogs],
    ["opened more than once", shardWithOldManifest],
  ])("is reported as sound: %s", async (_, make) => {
    expect(await inspect(await make())).toStrictEqual({ kind: "sound", minLogNumberToKeep: expect.any(Number) });
  });

  it("may hold batches that came after its mark", async () => {
    const shard = await shardWithTable();
    await writeMark(shard.markPath, { batch: BATCHES - 2, evidence: null });
    expect(await inspect(shard)).toStrictEqual({ kind: "sound", minLogNumberToKeep: expect.any(Number) });
  });

  it("may have been written and flushed since its mark: older logs are gone, the MANIFEST has grown", async () => {
    const shard = await shardWithTable();
    const engine = await rocksdb.openEngine(shard.path, engineOptions("existing"));
    await writeMark(shard.markPath, { batch: BATCHES, evidence: (await engine.files?.evidence()) ?? null });
    await engine.write((batch) => batch.put(Buffer.alloc(16, 99), Buffer.from("more")));
    await engine.flush();
    await engine.compact();
    await engine.close();
    expect(await inspect(shard)).toStrictEqual({ kind: "sound", minLogNumberToKeep: expect.any(Number) });
  });
});

describe("a shard whose files are all gone", () => {
  const missing = { from: 1, to: BATCHES };

  it.each([
    ["is missing", ({ path }: Shard) => rmSync(path, { recursive: true })],
    [
      "is empty",
      ({ path }: Shard) => {
        rmSync(path, { recursive: true });
        mkdirSync(path);
      },
    ],
  ])("is a loss of all batches: its directory %s", async (what, damage) => {
    const shard = await shardWithTable();
    damage(shard);
    const reason = `the shard's directory ${what}`;
    expect(await inspect(shard)).toStrictEqual({ kind: "loss", loss: { reason, missing }, engine: null });
    for (const unmark of [() => writeFileSync(shard.markPath, "garbage"), () => unlinkSync(shard.markPath)]) {
      unmark();
      expect(await inspect(shard)).toStrictEqual({ kind: "loss", loss: { reason, missing: null }, engine: null });
    }
  });

  it("is a loss even if its mark has batch 0, but no batch is missing then", async () => {
    const shard = await shardWithTable();
    await writeMark(shard.markPath, { batch: 0, evidence: null });
    rmSync(shard.path, { recursive: true });
    expect((await lossOf(shard)).loss.missing).toBeNull();
  });
});

describe("a loss that RocksDB opens without an error", () => {
  it("a log cut at a record's end: the batches after the cut are missing", async () => {
    const shard = await shardWithTable();
    cutRecords(newestLog(shard), 2);
    const missing = { from: BATCHES - 1, to: BATCHES };
    const reason = `batches ${missing.from} to ${missing.to} are missing, all or some: they were on the disk`;
    expect(await lossOf(shard)).toStrictEqual({ loss: { reason, missing }, readable: numbers(1, BATCHES - 2) });
  });

  it.each([
    ["cut in the middle of a record", (log: string) => truncateSync(log, 40)],
    ["empty", (log: string) => truncateSync(log, 0)],
    ["missing", (log: string) => unlinkSync(log)],
  ])("the log is %s: its batches are missing", async (_, damage) => {
    const shard = await shardWithTable();
    damage(newestLog(shard));
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toStrictEqual({ from: OLDER_BATCHES + 1, to: BATCHES });
    expect(readable).toStrictEqual(numbers(1, OLDER_BATCHES));
  });

  it("an older log is missing and a newer one is not: a loss, although the newest batch is found", async () => {
    const shard = await shardWithTwoLogs();
    const [oldest] = filesOf(shard.path, ".log") as [string];
    unlinkSync(oldest);
    const { loss, readable } = await lossOf(shard);
    expect(loss).toStrictEqual({
      reason: `what was on the disk is not there: ${basename(oldest)} is missing`,
      missing: null,
    });
    expect(readable).toStrictEqual(numbers(OLDER_BATCHES + 1, BATCHES));
  });

  it.each([
    ["the edit that drops the flushed log", 1, 1],
    ["the table's edit too: its messages are gone, although the newest batch is found", 2, OLDER_BATCHES + 1],
  ])("a MANIFEST cut at a record's end, without %s", async (_, records, firstReadable) => {
    const shard = await shardWithTable();
    cutRecords(manifestOf(shard.path), records);
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toBeNull();
    expect(loss.reason).toMatch(/^what was on the disk is not there: MANIFEST-\d+ has \d+ bytes and had \d+$/);
    expect(readable).toStrictEqual(numbers(firstReadable, BATCHES));
  });

  it("an older MANIFEST came back and CURRENT names it", async () => {
    const shard = await shardWithOldManifest();
    const name = basename(shard.oldManifest);
    const newer = basename(manifestOf(shard.path));
    copyFileSync(shard.oldManifest, join(shard.path, name));
    writeFileSync(join(shard.path, "CURRENT"), `${name}\n`);
    const { loss } = await lossOf(shard);
    // Either check may fail first: the batches of the log that was flushed since, or the MANIFEST.
    expect(loss.reason).toMatch(new RegExp(`are missing, all or some|CURRENT names ${name}, but ${newer} was there`));
  });

  it("the mark has a batch that the shard never had", async () => {
    const shard = await shardWithTable();
    const mark = await readMark(shard.markPath);
    await writeMark(shard.markPath, { batch: BATCHES + 1, evidence: mark?.evidence ?? null });
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toStrictEqual({ from: BATCHES + 1, to: BATCHES + 1 });
    expect(readable).toStrictEqual(numbers(1, BATCHES));
  });
});

describe("a mark that cannot be read", () => {
  it.each([
    ["is missing", (mark: string) => unlinkSync(mark), "is missing"],
    ["is empty", (mark: string) => truncateSync(mark, 0), "cannot be read: its checksum does not match its content"],
    ["is cut", (mark: string) => truncateSync(mark, 20), "cannot be read: its checksum does not match its content"],
    ["is flipped", (mark: string) => flipByte(mark, 25), "cannot be read: its checksum does not match its content"],
    ["is garbage", (mark: string) => writeFileSync(mark, "what\nis this"), "cannot be read: its checksum"],
  ])("counts as a loss of unknown extent: it %s", async (_, damage, reason) => {
    const shard = await shardWithTable();
    damage(shard.markPath);
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toBeNull();
    expect(loss.reason).toContain(`the mark ${shard.markPath} ${reason}`);
    expect(readable).toStrictEqual(numbers(1, BATCHES));
  });
});

describe("a shard that RocksDB cannot open", () => {
  it.each([
    ["CURRENT is missing", ({ path }: Shard) => unlinkSync(join(path, "CURRENT"))],
    ["CURRENT is empty", ({ path }: Shard) => truncateSync(join(path, "CURRENT"), 0)],
    [
      "CURRENT names a missing MANIFEST",
      ({ path }: Shard) => writeFileSync(join(path, "CURRENT"), "MANIFEST-000099\n"),
    ],
    ["the MANIFEST is missing", ({ path }: Shard) => unlinkSync(manifestOf(path))],
    ["a table is missing", ({ path }: Shard) => unlinkSync(filesOf(path, ".sst")[0] as string)],
    ["a table is cut", ({ path }: Shard) => truncateSync(filesOf(path, ".sst")[0] as string, 100)],
  ])("rejects with a SpoolEngineError each time: %s", async (_, damage) => {
    const shard = await shardWithTable();
    damage(shard);
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await inspect(shard).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(SpoolEngineError);
      expect(error).toMatchObject({ path: shard.path });
    }
  });

  it("rejects if a file is in the directory's place", async () => {
    const shard = await shardWithTable();
    rmSync(shard.path, { recursive: true });
    writeFileSync(shard.path, "a file");
    await expect(inspect(shard)).rejects.toMatchObject({ code: "SPOOL_ENGINE", cause: { code: "ENOTDIR" } });
  });
});

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
import { type Finding, inspectShard } from "./inspection.ts";
import { readMark, writeMark } from "./mark.ts";

/** Inspects, and shows that nothing was changed and nothing was opened for writing. */
async function inspect({ parent, path, markPath }: Shard): Promise<Finding> {
  const modes: EngineOptions["mode"][] = [];
  const module: EngineModule = {
    openEngine: (path, options) => {
      modes.push(options.mode);
      return rocksdb.openEngine(path, options);
    },
  };
  const before = listing(parent);
  try {
    const finding = await inspectShard({ path, markPath, module, options: engineOptions("existing") });
    if (finding.kind === "loss") onTestFinished(() => finding.engine?.close());
    return finding;
  } finally {
    expect(listing(parent)).toStrictEqual(before);
    expect(modes.filter((mode) => mode !== "read-only")).toStrictEqual([]);
  }
}

async function lossOf(shard: Shard): Promise<{ loss: Loss; readable: number[] | null }> {
  const finding = await inspect(shard);
  if (finding.kind !== "loss") throw new Error("no loss was found");
  const { loss, engine } = finding;
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

describe("a shard that is sound", () => {
  it.each([
    ["table and log", shardWithTable],
    ["two logs", shardWithTwoLogs],
    ["opened more than once", shardWithOldManifest],
  ])("is found so: %s", async (_, make) => {
    expect(await inspect(await make())).toStrictEqual({ kind: "sound", minLogNumberToKeep: expect.any(Number) });
  });

  it("may hold more than its mark knows", async () => {
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

describe("a shard of which nothing is left", () => {
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
  ])("is a loss of all its batches: its directory %s", async (what, damage) => {
    const shard = await shardWithTable();
    damage(shard);
    const reason = `the shard's directory ${what}`;
    expect(await inspect(shard)).toStrictEqual({ kind: "loss", loss: { reason, missing }, engine: null });
    for (const unmark of [() => writeFileSync(shard.markPath, "garbage"), () => unlinkSync(shard.markPath)]) {
      unmark();
      expect(await inspect(shard)).toStrictEqual({ kind: "loss", loss: { reason, missing: null }, engine: null });
    }
  });

  it("is one where there was nothing to lose too, but then no batch is missing", async () => {
    const shard = await shardWithTable();
    await writeMark(shard.markPath, { batch: 0, evidence: null });
    rmSync(shard.path, { recursive: true });
    expect((await lossOf(shard)).loss.missing).toBeNull();
  });
});

describe("a loss that RocksDB opens without a word", () => {
  it("a log that was cut at a record's end: the batches behind it", async () => {
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
  ])("the log is %s: the batches that were in it", async (_, damage) => {
    const shard = await shardWithTable();
    damage(newestLog(shard));
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toStrictEqual({ from: OLDER_BATCHES + 1, to: BATCHES });
    expect(readable).toStrictEqual(numbers(1, OLDER_BATCHES));
  });

  it("an older log is missing while a newer one is there: the newest batch is found, and yet it is a loss", async () => {
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
    ["the one that says which log is not needed any more", 1, 1],
    ["the table's too, whose messages are gone though the newest batch is there", 2, OLDER_BATCHES + 1],
  ])("a MANIFEST that was cut at a record's end: %s", async (_, records, firstReadable) => {
    const shard = await shardWithTable();
    cutRecords(manifestOf(shard.path), records);
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toBeNull();
    expect(loss.reason).toMatch(/^what was on the disk is not there: MANIFEST-\d+ has \d+ bytes and had \d+$/);
    expect(readable).toStrictEqual(numbers(firstReadable, BATCHES));
  });

  it("CURRENT names the MANIFEST of before, which is there again", async () => {
    const shard = await shardWithOldManifest();
    const name = basename(shard.oldManifest);
    const newer = basename(manifestOf(shard.path));
    copyFileSync(shard.oldManifest, join(shard.path, name));
    writeFileSync(join(shard.path, "CURRENT"), `${name}\n`);
    const { loss } = await lossOf(shard);
    // Whether the batches of the log that went into a table since are missed first, or the MANIFEST: it is a loss.
    expect(loss.reason).toMatch(new RegExp(`are missing, all or some|CURRENT names ${name}, but ${newer} was there`));
  });

  it("the mark knows batches that the shard never had", async () => {
    const shard = await shardWithTable();
    const mark = await readMark(shard.markPath);
    await writeMark(shard.markPath, { batch: BATCHES + 1, evidence: mark?.evidence ?? null });
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toStrictEqual({ from: BATCHES + 1, to: BATCHES + 1 });
    expect(readable).toStrictEqual(numbers(1, BATCHES));
  });
});

describe("a mark that says nothing", () => {
  it.each([
    ["is missing", (mark: string) => unlinkSync(mark), "is missing"],
    ["is empty", (mark: string) => truncateSync(mark, 0), "cannot be read: its checksum does not match its content"],
    ["is cut", (mark: string) => truncateSync(mark, 20), "cannot be read: its checksum does not match its content"],
    ["is flipped", (mark: string) => flipByte(mark, 25), "cannot be read: its checksum does not match its content"],
    ["is garbage", (mark: string) => writeFileSync(mark, "what\nis this"), "cannot be read: its checksum"],
  ])("is a loss that may be none: it %s", async (_, damage, reason) => {
    const shard = await shardWithTable();
    damage(shard.markPath);
    const { loss, readable } = await lossOf(shard);
    expect(loss.missing).toBeNull();
    expect(loss.reason).toContain(`the mark ${shard.markPath} ${reason}`);
    expect(readable).toStrictEqual(numbers(1, BATCHES));
  });
});

describe("a shard that cannot be read at all", () => {
  it.each([
    ["CURRENT is missing", ({ path }: Shard) => unlinkSync(join(path, "CURRENT"))],
    ["CURRENT is empty", ({ path }: Shard) => truncateSync(join(path, "CURRENT"), 0)],
    ["CURRENT names what is not there", ({ path }: Shard) => writeFileSync(join(path, "CURRENT"), "MANIFEST-000099\n")],
    ["the MANIFEST is missing", ({ path }: Shard) => unlinkSync(manifestOf(path))],
    ["a table is missing", ({ path }: Shard) => unlinkSync(filesOf(path, ".sst")[0] as string)],
    ["a table is cut", ({ path }: Shard) => truncateSync(filesOf(path, ".sst")[0] as string, 100)],
  ])("rejects, each time, as the engine's error: %s", async (_, damage) => {
    const shard = await shardWithTable();
    damage(shard);
    for (let look = 0; look < 2; look++) {
      const error = await inspect(shard).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(SpoolEngineError);
      expect(error).toMatchObject({ path: shard.path });
    }
  });

  it("rejects where its place is taken by a file", async () => {
    const shard = await shardWithTable();
    rmSync(shard.path, { recursive: true });
    writeFileSync(shard.path, "a file");
    await expect(inspect(shard)).rejects.toMatchObject({ code: "SPOOL_ENGINE", cause: { code: "ENOTDIR" } });
  });
});

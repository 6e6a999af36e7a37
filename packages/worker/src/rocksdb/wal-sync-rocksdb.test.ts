import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { settled } from "../../test/inbox.ts";
import { diskError, type SyncRecorder } from "../../test/sync-recorder.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import type { Engine } from "../engine/engine.ts";
import { openEngine } from "./rocksdb-engine.ts";

/** WAL sync under a real RocksDB whose memtables are small, so that logs come and go. */

const disk = await vi.hoisted(async () => new (await import("../../test/sync-recorder.ts")).SyncRecorder());

vi.mock(import("node:fs"), async (importOriginal) => (disk as SyncRecorder).mock(await importOriginal()));

const SMALL_MEMTABLE_BYTES = 64 * 1024;
const VALUE = Buffer.alloc(8 * 1024, 1);

let directory: string;
let engine: Engine;

beforeEach(async () => {
  disk.reset();
  directory = join(temporaryDirectory(), "shard");
  engine = await openEngine(directory, {
    mode: "create",
    fullSync: false,
    maxBackgroundJobs: null,
    maxOpenFiles: null,
    writeBufferSize: SMALL_MEMTABLE_BYTES,
  });
  onTestFinished(() => engine.close());
});

let nextKey = 0;

async function write(values: number): Promise<void> {
  await engine.write((batch) => {
    for (let count = 0; count < values; count++) {
      const key = Buffer.alloc(16);
      key.writeUInt32BE(nextKey++);
      batch.put(key, VALUE);
    }
  });
}

function logNumbers(): number[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".log"))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

/** The numbers of the logs among the calls. */
function syncedLogs(calls: readonly string[]): number[] {
  return calls.filter((call) => call.endsWith(".log")).map((call) => Number(/(\d+)\.log$/.exec(call)?.[1]));
}

it("a log has its descriptor when the batch that began it is written, before any sync", async () => {
  const seen = new Set<number>();
  for (let round = 0; round < 100; round++) {
    await write(2);
    const newest = logNumbers().at(-1) as number;
    seen.add(newest);
    expect([...disk.open.values()]).toContain(`${String(newest).padStart(6, "0")}.log`);
  }
  expect(seen.size).toBeGreaterThan(10);
  expect(disk.take()).toStrictEqual([]);
});

describe("a sync", () => {
  it("leaves nothing of any live log unsynced, goes from the oldest to the newest, and syncs each new name", async () => {
    const known = new Set<number>();
    const complete = new Set<number>();
    for (let round = 0; round < 150; round++) {
      await write(1 + (round % 4));
      const newest = logNumbers().at(-1) as number;
      await engine.sync();
      const calls = disk.take();
      const numbers = syncedLogs(calls);
      expect(numbers, `round ${round}`).toStrictEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(numbers).toContain(newest);
      for (const number of numbers) expect(complete.has(number), `${number} is complete`).toBe(false);
      const newNames = numbers.some((number) => !known.has(number));
      expect(calls.filter((call) => call === "fsync directory")).toHaveLength(newNames ? 1 : 0);
      if (newNames) expect(calls.at(-1)).toBe("fsync directory");
      for (const number of numbers) {
        known.add(number);
        if (number !== numbers.at(-1)) complete.add(number);
      }
      for (const { number, bytes } of (await engine.files?.evidence())?.logs ?? []) {
        const file = join(directory, `${String(number).padStart(6, "0")}.log`);
        const size = statSync(file, { throwIfNoEntry: false })?.size ?? bytes;
        expect(bytes, `${number}.log in round ${round}`).toBe(size);
      }
    }
    expect(known.size).toBeGreaterThan(10);
  });

  it("finds the logs that a flush has made and taken away", async () => {
    for (let round = 0; round < 10; round++) {
      await write(1);
      await engine.flush();
      await engine.sync();
      const live = (await engine.files?.evidence())?.logs.map(({ number }) => number);
      // One that is not needed any more may go away a moment later.
      const keep = await engine.property("min-log-number-to-keep");
      expect(live?.filter((number) => number >= keep)).toStrictEqual(logNumbers().filter((number) => number >= keep));
      expect(syncedLogs(disk.take()).at(-1)).toBe(logNumbers().at(-1));
    }
  });

  it("that runs while batches, flushes and compactions go on neither fails nor leaves a descriptor open", async () => {
    let writing = true;
    const syncs = (async () => {
      let count = 0;
      for (; writing; count++) {
        await engine.sync();
        // A sync that finds nothing to do must not keep the batches from going on.
        await settled();
      }
      return count;
    })();
    for (let round = 0; round < 300; round++) {
      await write(4);
      if (round % 50 === 49) await engine.compact();
    }
    writing = false;
    expect(await syncs).toBeGreaterThan(0);
    await engine.sync();
    const open = [...disk.open.values()].filter((name) => name.endsWith(".log"));
    expect(open.map((name) => Number.parseInt(name, 10))).toStrictEqual(
      (await engine.files?.evidence())?.logs.map(({ number }) => number),
    );
  });

  it("that fails is final: no later one reaches the disk, though batches and reads go on", async () => {
    await write(1);
    disk.before = () => {
      throw diskError();
    };
    const error = await engine.sync().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({ kind: "io", path: directory });
    disk.reset();
    for (let round = 0; round < 30; round++) await write(4);
    await expect(engine.sync()).rejects.toBe(error);
    expect(disk.take()).toStrictEqual([]);
    expect(await engine.page(null, 1)).toHaveLength(1);
  });
});

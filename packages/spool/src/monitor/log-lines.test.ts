import { SpoolEngineError } from "@rockspool/core";
import { describe, expect, it, vi } from "vitest";
import {
  awaitShardLines,
  DATA,
  end,
  idOn,
  type Line,
  makeDirectory,
  makeLoss,
  openObserved,
  shardLines,
  storeInto,
} from "../../test/observed-spool.ts";

const containing = (text: string): unknown => expect.stringContaining(text);
const engineError = (message: string): unknown =>
  expect.objectContaining({ constructor: SpoolEngineError, message: containing(message) });

describe("the log of a shard's life", () => {
  it("without a fault has one line, when it is served", async () => {
    const { spool, faults, shardPath, lines } = await openObserved();
    await spool.store(idOn(0), DATA, { forceSync: true });
    await faults.clock.advance("1 minute");
    await spool.shutdown();
    const line = (shard: number): Line => ({
      level: "info",
      fields: { shard, path: shardPath(shard), state: "open", restarts: 0 },
      message: `shard ${shard} is served`,
    });
    const shards = lines.filter(({ fields }) => "shard" in fields);
    expect(shards).toHaveLength(2);
    expect(shards).toEqual(expect.arrayContaining([line(0), line(1)]));
  });

  it("has a line for its thread's death, and one when it is served again", async () => {
    const { faults, shardPath, lines } = await openObserved();
    lines.length = 0;
    await faults.shard(1).throw("out of luck");
    await vi.waitUntil(() => lines.length >= 2, 30_000);
    const fields = { shard: 1, path: shardPath(1), restarts: 1 };
    expect(lines).toStrictEqual([
      { level: "error", fields: { ...fields, err: expect.any(Error) }, message: "the thread of shard 1 died" },
      { level: "info", fields: { ...fields, state: "open" }, message: "shard 1 is served" },
    ]);
  });

  it("says why it cannot be opened, and why its proof fails", async () => {
    const path = await makeDirectory();
    await storeInto(path, [idOn(0), idOn(1)]);
    const { spool, shardPath, lines } = await openObserved({
      path,
      prepare: (faults) => faults.shard(1).fail("open", { kind: "corruption", message: "a table is broken" }),
    });
    const fields = { shard: 1, path: shardPath(1), err: engineError("a table is broken") };
    const down = { level: "error", fields, message: "shard 1 cannot be opened: a table is broken" };
    expect(shardLines(lines, 1)).toEqual([down]);
    await end(spool.unlatch(1));
    const stays = { level: "warn", fields, message: `rocksdb at ${shardPath(1)}: stays latched: a table is broken` };
    expect(shardLines(lines, 1)).toEqual([down, down, stays]);
  });

  it("has a line for a close that fails before a reopen", async () => {
    const { spool, faults, shardPath, lines } = await openObserved();
    faults.shard(0).fail("sync", { times: 1 });
    await end(spool.store(idOn(0), DATA, { forceSync: true }));
    await awaitShardLines(lines, 0, 1);
    lines.length = 0;
    faults.shard(0).fail("close", { message: "the disk is gone", times: 1 });
    await spool.unlatch(0);
    expect(shardLines(lines, 0)).toMatchObject([
      {
        level: "warn",
        fields: { shard: 0, path: shardPath(0), err: engineError("the disk is gone") },
        message: "shard 0 was not closed in good order: the disk is gone",
      },
      { level: "info", fields: { kind: "proof" } },
    ]);
  });

  it("says which batches it has lost", async () => {
    const { path } = await makeLoss();
    const { shardPath, lines } = await openObserved({ path });
    const reason = "batches 4 to 7 are missing, all or some: they were on the disk";
    expect(await awaitShardLines(lines, 1, 1)).toStrictEqual([
      {
        level: "error",
        fields: { shard: 1, path: shardPath(1), kind: "loss", missing: { from: 4, to: 7 } },
        message: `rocksdb at ${shardPath(1)}: opened read-only: ${reason}`,
      },
    ]);
    expect(lines).toContainEqual({
      level: "info",
      fields: { shard: 1, path: shardPath(1), state: "read-only", restarts: 0 },
      message: "shard 1 is served",
    });
  });
});

describe("the log of a shard's thread", () => {
  it.each([
    { does: "write", error: { code: "EIO" }, kind: "io" },
    { does: "read", error: { kind: "corruption" }, kind: "corruption" },
    { does: "flush", error: { code: "ENOSPC" }, kind: "io" },
  ] as const)("names a fatal error of a $does once, as $kind", async ({ does, error, kind }) => {
    const { spool, faults, shardPath, lines } = await openObserved();
    lines.length = 0;
    faults.shard(0).fail(does, error);
    for (let attempt = 0; attempt < 2; attempt++) {
      await end(spool.store(idOn(0), DATA));
      await end(spool.load(idOn(0)));
      await end(spool.compact());
    }
    await awaitShardLines(lines, 0, 1);
    const latches = shardLines(lines, 0).filter(({ message }) => message.includes("fatal foreground error"));
    expect(latches).toStrictEqual([
      {
        level: "error",
        fields: { shard: 0, path: shardPath(0), kind },
        message: containing(`rocksdb at ${shardPath(0)}: fatal foreground error (${kind}); load-shedding gate latched`),
      },
    ]);
    expect(shardLines(lines, 1)).toEqual([]);
  });

  it("has debug lines for memory that is given back, and an error line for a flush that fails", async () => {
    const { spool, faults, shardPath, lines } = await openObserved();
    lines.length = 0;
    await spool.adviseLowMemory();
    const counts = ["memTableTotal", "memTableUnflushed", "memTableReadersTotal", "cacheTotal"];
    const stats = Object.fromEntries(counts.map((name) => [name, expect.any(Number)]));
    const memory = (when: string): unknown => ({
      level: "debug",
      fields: { shard: 1, path: shardPath(1), ...stats },
      message: expect.stringMatching(new RegExp(`^rocksdb at ${shardPath(1)}: ${when}-flush: \\d+ bytes in memory$`)),
    });
    expect(await awaitShardLines(lines, 1, 2)).toStrictEqual([memory("pre"), memory("post")]);
    lines.length = 0;
    faults.shard(1).fail("flush", { kind: "busy", message: "later" });
    await spool.adviseLowMemory();
    const failed = {
      level: "error",
      fields: { shard: 1, path: shardPath(1), err: expect.any(Error) },
      message: `rocksdb at ${shardPath(1)}: error flushing memory: later`,
    };
    expect(await awaitShardLines(lines, 1, 3)).toEqual([memory("pre"), failed, memory("post")]);
  });
});

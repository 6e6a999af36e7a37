import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  DATA,
  end,
  idOn,
  makeDirectory,
  makeLoss,
  openObserved,
  type Published,
  storeInto,
} from "../test/observed-spool.ts";

/** The events of one shard, as `[channel, reason]`. */
function reasonsOf(events: readonly Published[], shard: number): unknown[][] {
  return events
    .filter(({ message }) => message.shard === shard)
    .map(({ channel, message }) => [channel.replace("rockspool:", ""), message.reason]);
}

const OPEN = ["shard:up", "it is open"];
const CLOSED = ["shard:down", "it is closed"];

describe("a spool publishes", () => {
  it("that each shard opens and closes, and nothing else if no shard fails", async () => {
    const { spool, faults, path, shardPath, events } = await openObserved();
    await spool.store(idOn(0), DATA, { forceSync: true });
    await faults.clock.advance("1 minute");
    await spool.shutdown();
    for (const shard of [0, 1]) {
      const mine = events.filter(({ message }) => message.shard === shard);
      const event = { spool: path, shard, path: shardPath(shard), at: expect.any(Date) };
      expect(mine).toStrictEqual([
        { channel: "rockspool:shard:up", message: { ...event, reason: "it is open" } },
        { channel: "rockspool:shard:down", message: { ...event, reason: "it is closed" } },
      ]);
    }
  });

  it("an operator's latch once, and its unlatch by proof", async () => {
    const { spool, faults, path, shardPath, events } = await openObserved();
    events.length = 0;
    await spool.latch(1, "the disk is to be changed");
    await spool.latch(1, "a second time");
    const { since } = spool.health()[1] ?? {};
    await faults.clock.advance("10 seconds");
    const event = { spool: path, shard: 1, path: shardPath(1) };
    const latch = { ...event, reason: "the disk is to be changed", kind: "operator", at: since };
    expect(events).toStrictEqual([{ channel: "rockspool:latch", message: latch }]);
    await spool.unlatch(1);
    await spool.unlatch(1);
    await faults.clock.advance("10 seconds");
    const unlatch = { ...event, reason: "it has proved that it works", kind: "proof", at: expect.any(Date) };
    expect(events.slice(1)).toStrictEqual([{ channel: "rockspool:unlatch", message: unlatch }]);
  });

  it("a latch by the shard's thread once, in the tick that sees it", async () => {
    const { spool, faults, events } = await openObserved();
    events.length = 0;
    faults.shard(0).fail("write", { kind: "corruption", times: 1 });
    await end(spool.store(idOn(0), DATA));
    expect(events).toEqual([]);
    await faults.clock.advance("5 seconds");
    spool.health();
    await faults.clock.advance("5 seconds");
    const { since: at, reason } = spool.health()[0] ?? {};
    expect(events).toMatchObject([
      { channel: "rockspool:latch", message: { shard: 0, kind: "corruption", at, reason } },
    ]);
  });

  it("a latch that no tick has seen before its unlatch", async () => {
    const { spool, faults, events } = await openObserved();
    events.length = 0;
    faults.shard(0).fail("write", { code: "EIO", times: 1 });
    await end(spool.store(idOn(0), DATA));
    await spool.unlatch(0, { force: true });
    expect(events).toMatchObject([
      { channel: "rockspool:latch", message: { kind: "io", reason: expect.stringContaining("EIO") } },
      { channel: "rockspool:unlatch", message: { kind: "force", reason: "by force" } },
    ]);
  });

  it("a latch for errors that last", async () => {
    const { faults, events } = await openObserved();
    events.length = 0;
    faults.shard(1).reportBackgroundErrors(2);
    await faults.clock.advance("30 seconds");
    expect(events).toMatchObject([
      {
        channel: "rockspool:latch",
        message: { shard: 1, kind: "errors", reason: "errors for 15 s: 2 in the background, 0 in the foreground" },
      },
    ]);
  });

  it("that a thread hangs, dies and is replaced, each once", async () => {
    const { faults, events } = await openObserved();
    events.length = 0;
    const hang = faults.shard(0).hang();
    await hang.reached();
    await faults.clock.advance("1 minute");
    const reason = expect.stringMatching(/^its thread has not answered for \d+ ms$/);
    expect(events).toMatchObject([{ channel: "rockspool:latch", message: { shard: 0, kind: "hang", reason } }]);
    await faults.shard(0).kill();
    await vi.waitUntil(() => events.length >= 3, 30_000);
    expect(reasonsOf(events, 0).slice(1)).toEqual([["shard:down", expect.stringMatching(/^its thread died/)], OPEN]);
  });

  it("that a proof reopens the shard", async () => {
    const { spool, faults, events } = await openObserved();
    events.length = 0;
    faults.shard(0).fail("sync", { times: 1 });
    await end(spool.store(idOn(0), DATA, { forceSync: true }));
    await spool.unlatch(0);
    expect(reasonsOf(events, 0)).toEqual([
      ["latch", expect.stringMatching(/^io: /)],
      ["shard:down", "it is closed, to be opened again"],
      OPEN,
      ["unlatch", "it has proved that it works"],
    ]);
    expect(reasonsOf(events, 1)).toEqual([]);
  });

  it("that a shard cannot be opened, and that it is served later", async () => {
    const path = await makeDirectory();
    await storeInto(path, [idOn(0), idOn(1)]);
    const { spool, faults, events } = await openObserved({
      path,
      prepare: (faults) => faults.shard(1).fail("open", { kind: "busy", message: "it is too early" }),
    });
    const opening = reasonsOf(events, 1);
    expect(opening).toEqual([
      ["shard:down", "it is too early"],
      ["latch", "cannot be opened: it is too early"],
    ]);
    expect(events.find(({ channel }) => channel === "rockspool:latch")?.message.kind).toBe("down");
    faults.shard(1).release();
    await spool.unlatch(1);
    await spool.shutdown();
    const rest = [OPEN, ["unlatch", "it has proved that it works"], CLOSED];
    expect(reasonsOf(events, 1)).toEqual([...opening, ...rest]);
    expect(reasonsOf(events, 0)).toEqual([OPEN, CLOSED]);
  });

  it("a loss before the shard is served read-only", async () => {
    const { path } = await makeLoss();
    const { spool, shardPath, events } = await openObserved({ path });
    const reason = "batches 4 to 7 are missing, all or some: they were on the disk";
    expect(reasonsOf(events, 1)).toEqual([
      ["loss", reason],
      ["shard:up", reason],
      ["latch", `opened read-only: ${reason}`],
    ]);
    const shard = { spool: path, shard: 1, path: shardPath(1) };
    expect(events.find(({ channel }) => channel === "rockspool:loss")?.message).toStrictEqual({
      ...shard,
      reason,
      at: expect.any(Date),
      missing: { from: 4, to: 7 },
    });
    expect(events.find(({ channel }) => channel === "rockspool:latch")?.message.kind).toBe("loss");
    spool.health();
    await spool.shutdown();
    expect(reasonsOf(events, 1).slice(3)).toEqual([CLOSED]);
  });

  it("a loss of a whole shard, and one whose batches are not known", async () => {
    const path = await makeDirectory();
    await storeInto(path, [idOn(0), idOn(1)]);
    await rm(join(path, "shard-001"), { recursive: true });
    await rm(join(path, "shard-000.mark"));
    const { events } = await openObserved({ path });
    const reason = "the shard's directory is missing";
    expect(reasonsOf(events, 1)).toEqual([
      ["loss", reason],
      ["shard:down", reason],
      ["latch", `cannot be opened: ${reason}`],
    ]);
    const losses = events.filter(({ channel }) => channel === "rockspool:loss");
    expect(losses.map(({ message: { shard, missing } }) => [shard, missing]).sort()).toEqual([
      [0, null],
      [1, { from: 1, to: 2 }],
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { DATA, end, idOn, openObserved } from "../../test/observed-spool.ts";

const SHARD = 0;

/** A spool whose shard 0 was latched by its own thread; the monitor has not ticked since. */
async function latchedByItsThread() {
  const observed = await openObserved();
  // The first proof is done, and the monitor knows no latch.
  await observed.spool.unlatch(SHARD);
  observed.lines.length = 0;
  observed.events.length = 0;
  observed.faults.shard(SHARD).fail("write", { code: "EIO", message: "the disk is gone" });
  await end(observed.spool.store(idOn(SHARD), DATA));
  return observed;
}

const latch = { at: expect.any(Date), latched: true, reason: expect.stringContaining("the disk is gone") };

describe("health()", () => {
  it("shows a latch that no tick has seen, in its history too", async () => {
    const { spool } = await latchedByItsThread();
    const health = spool.health()[SHARD];
    expect(health).toMatchObject({ latched: true, reason: latch.reason, since: latch.at, history: [latch] });
    expect(health?.history[0]?.at).toEqual(health?.since);
  });

  it("publishes no event: the next tick does, once, and the history stays the same", async () => {
    const { spool, faults, events } = await latchedByItsThread();
    const seen = Array.from({ length: 3 }, () => spool.health()[SHARD]?.history);
    expect(events).toEqual([]);
    await faults.clock.advance("5 seconds");
    const published = events.filter(({ channel }) => channel === "rockspool:latch");
    expect(published).toHaveLength(1);
    expect(published[0]?.message).toMatchObject({ shard: SHARD, kind: "io" });
    for (const history of [...seen, spool.health()[SHARD]?.history]) expect(history).toStrictEqual(seen[0]);
  });
});

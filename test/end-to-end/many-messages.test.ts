import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { RocksSpool } from "rockspool";
import { describe, expect, it } from "vitest";
import { nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";

/** `npm run soak` enumerates a million. */
const MESSAGES = 8000;
const BYTES = 8 * 1024;
const MIB = 1024 * 1024;
/** All messages together are 62 MiB. An enumeration holds a window of frames (1 MiB each) of each shard. */
const BOUND_BYTES = 16 * MIB;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/**
 * Buffers that somebody holds on this thread, those with its messages in them: how far the collector lags is the
 * machine's affair.
 */
function heldBytes(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

async function filledSpool(): Promise<RocksSpool> {
  const spool = await openForTest(onRocksDB, { path: await temporaryDirectory(), shards: 2 });
  const message = payload(2, BYTES);
  for (let stored = 0; stored < MESSAGES; stored += 1000) {
    await Promise.all(Array.from({ length: 1000 }, () => spool.store(spool.newId(), message)));
  }
  await nextMillisecond();
  return spool;
}

describe(`an enumeration of ${MESSAGES} messages`, () => {
  it("has flat memory for a slow consumer, pauses for one that stops, and frees all at a break", async () => {
    const spool = await filledSpool();
    const start = heldBytes();

    let worst = 0;
    let count = 0;
    for await (const entry of spool.enumerate()) {
      expect(entry.kind).toBe("item");
      count++;
      if (count % 16 === 0) await turn();
      if (count % 200 === 0) worst = Math.max(worst, heldBytes() - start);
    }
    expect(count).toBe(MESSAGES);
    expect(worst, "bytes held by a slow consumer").toBeLessThan(BOUND_BYTES);

    // One that stops reading: what is sent to it stops growing.
    const stopped = spool.enumerate();
    for (let i = 0; i < 10; i++) await stopped.next();
    let before = -1;
    let still = 0;
    await until("nothing is sent any more", () => {
      const held = heldBytes();
      still = held === before ? still + 1 : 0;
      before = held;
      return still === 20;
    });
    expect(before - start, "bytes held for one that has stopped").toBeLessThan(BOUND_BYTES);

    const abandoned = await Promise.all(
      Array.from({ length: 50 }, async () => {
        for await (const entry of spool.enumerate()) return entry.kind;
        return null;
      }),
    );
    expect(new Set(abandoned)).toEqual(new Set(["item"]));
    // None of the iterators that were left behind, nor the one that is still waiting, holds the shards open.
    await spool.shutdown();
  });
});

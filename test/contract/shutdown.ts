import { type Spool, SpoolClosedError, SpoolId } from "rockspool";
import { beforeEach, describe, expect, it } from "vitest";
import { nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { openForTest, type SpoolKind } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

export function describeShutdown(kind: SpoolKind): void {
  describe("shutdown", () => {
    let path: string;
    const open = (): Promise<Spool> => openForTest(kind, { path, shards: 2 });

    beforeEach(async () => {
      path = await temporaryDirectory();
    });

    it("is idempotent: twice at once, and once more", async () => {
      const spool = await open();
      await spool.store(spool.newId(), payload(1, 10));
      await Promise.all([spool.shutdown(), spool.shutdown(), spool[Symbol.asyncDispose]()]);
      await spool.shutdown();
    });

    it("comes at the end of an `await using` block", async () => {
      let kept: Spool;
      {
        await using spool = await open();
        kept = spool;
        await spool.store(spool.newId(), payload(1, 10));
      }
      expect(await rejection(kept.load(SpoolId.generate()))).toBeInstanceOf(SpoolClosedError);
      // It is closed for good: the directory is free.
      await open();
    });

    it("settles every pending operation, and what it acknowledged is there", async () => {
      const spool = await open();
      const ids = Array.from({ length: 1500 }, () => spool.newId());
      const stores = ids.map((id, i) => spool.store(id, payload(i, 2000), { forceSync: i % 5 === 0 }));
      const loads = ids.slice(0, 300).map((id) => spool.load(id));
      const maintenance = [spool.compact(), spool.adviseLowMemory()];
      // A load may be answered before the store of its id: then it rejects, while nothing waits for it yet.
      const rejectionsAreExpected = Promise.allSettled([...loads, ...maintenance]);
      await spool.shutdown();

      const settled = await settledByNow([...stores, ...loads, ...maintenance]);
      expect(settled.filter((one) => one === "pending")).toHaveLength(0);
      const results = await Promise.allSettled(stores);
      expect(
        results.filter(({ status }) => status === "rejected"),
        "called before shutdown",
      ).toEqual([]);
      await rejectionsAreExpected;

      const again = await open();
      for (const [i, id] of ids.entries()) expect(Buffer.compare(await again.load(id), payload(i, 2000))).toBe(0);
    });

    it("settles stores that wait for maxPendingBytes and for limitConcurrentStores", async () => {
      const spool = await openForTest(kind, {
        path,
        shards: 2,
        maxPendingBytes: 100_000,
        params: { limitConcurrentStores: 3 },
      });
      const ids = Array.from({ length: 50 }, () => spool.newId());
      const stores = ids.map((id, i) => spool.store(id, payload(i, 40_000)));
      const outcomes = Promise.allSettled(stores);
      await spool.shutdown();
      const settled = await settledByNow(stores);
      expect(settled.filter((one) => one === "pending")).toHaveLength(0);
      const results = await outcomes;

      const again = await open();
      for (const [i, id] of ids.entries()) {
        const result = results[i] as PromiseSettledResult<unknown>;
        if (result.status === "fulfilled") {
          expect(Buffer.compare(await again.load(id), payload(i, 40_000))).toBe(0);
          continue;
        }
        expect(result.reason).toMatchObject({ code: "SPOOL_CLOSED", outcome: "not-written" });
        expect(await rejection(again.load(id))).toMatchObject({ code: "SPOOL_NOT_FOUND" });
      }
    });

    it("ends an enumeration that is being read, and one that waits for its reader", async () => {
      const spool = await open();
      await Promise.all(Array.from({ length: 500 }, (_, i) => spool.store(spool.newId(), payload(i, 5000))));
      await nextMillisecond();
      const waiting = spool.enumerate();
      await waiting.next();
      const reading = (async () => {
        for await (const _entry of spool.enumerate()) await new Promise((resolve) => setImmediate(resolve));
      })();
      reading.catch(() => {});
      await spool.shutdown();
      expect(await rejection(reading)).toBeInstanceOf(SpoolClosedError);
      const rest = (async () => {
        for await (const _entry of waiting);
      })();
      expect(await rejection(rest)).toBeInstanceOf(SpoolClosedError);
    });
  });
}

/** What each promise is now, without waiting for any. */
async function settledByNow(promises: readonly Promise<unknown>[]): Promise<("settled" | "pending")[]> {
  // A turn of the loop: reactions of what has settled run before it ends.
  const turn = new Promise<"pending">((resolve) => setImmediate(resolve, "pending"));
  return Promise.all(
    promises.map((promise) =>
      Promise.race([
        promise.then(
          () => "settled" as const,
          () => "settled" as const,
        ),
        turn,
      ]),
    ),
  );
}

import { type Spool, SpoolClosedError, SpoolId } from "rockspool";
import { beforeEach, describe, expect, it } from "vitest";
import { entriesOf, idsOf, nextMillisecond } from "../support/entries.ts";
import { operations } from "../support/operations.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { openForTest, type SpoolKind } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Each operation in each state of a spool's life. */
export function describeLifeCycle(kind: SpoolKind): void {
  describe("each operation", () => {
    const id = SpoolId.generate();
    let path: string;
    const open = (): Promise<Spool> => openForTest(kind, { path, shards: 2 });

    beforeEach(async () => {
      path = await temporaryDirectory();
    });

    it("works in the very turn in which the spool opens, all of them at once", async () => {
      await storedBefore(await open(), id);
      const spool = await open();
      const runs = operations.map(({ run }) => run(spool, id));
      const results = await Promise.allSettled(runs);
      results.forEach((result, i) => {
        const name = operations[i]?.name;
        // The load may come before or after the remove that was called later; it may not fail for any other reason.
        if (name === "load" && result.status === "rejected") expect(result.reason.code).toBe("SPOOL_NOT_FOUND");
        else expect(result, name).toMatchObject({ status: "fulfilled" });
      });
    });

    it("works on an open spool, one after the other", async () => {
      const spool = await open();
      await spool.store(id, payload(1, 10));
      for (const { name, run } of operations) {
        await expect(run(spool, id), name).resolves.not.toThrow();
      }
    });

    for (const { name, writes, run } of operations) {
      const expectClosed = async (attempt: Promise<unknown>): Promise<void> => {
        const error = await rejection(attempt);
        expect(error).toBeInstanceOf(SpoolClosedError);
        expect(error).toMatchObject({ code: "SPOOL_CLOSED", ...(writes && { outcome: "not-written" }) });
      };

      it(`${name} is refused while the spool closes, when it is closed, and works when it is open again`, async () => {
        const spool = await open();
        await spool.store(id, payload(1, 10));
        const closing = spool.shutdown();
        const [another, refused] = [SpoolId.generate(), SpoolId.generate()];
        await expectClosed(run(spool, name === "remove" ? id : another));
        await closing;
        await expectClosed(run(spool, name === "remove" ? id : refused));

        const again = await open();
        for (const absent of [another, refused]) {
          expect(await rejection(again.load(absent)), "refused means not written").toMatchObject({
            code: "SPOOL_NOT_FOUND",
          });
        }
        expect(Buffer.compare(await again.load(id), payload(1, 10)), "refused means not removed").toBe(0);
        await run(again, id);
      });
    }

    it("sees after a reopen what was there before the shutdown", async () => {
      const first = await open();
      const ids = Array.from({ length: 200 }, () => first.newId());
      await Promise.all(ids.map((one, i) => first.store(one, payload(i, 3000), { forceSync: i % 2 === 0 })));
      await Promise.all(ids.slice(0, 50).map((one) => first.remove(one)));
      await first.shutdown();
      await nextMillisecond();

      const second = await open();
      expect(idsOf(await entriesOf(second))).toEqual(ids.slice(50).map(String).sort());
      for (const [i, one] of ids.entries()) {
        if (i < 50) expect(await rejection(second.load(one))).toMatchObject({ code: "SPOOL_NOT_FOUND" });
        else expect(Buffer.compare(await second.load(one), payload(i, 3000))).toBe(0);
      }
    });

    it("can be followed by another life, five times over", async () => {
      for (let life = 0; life < 5; life++) {
        const spool = await open();
        for (let earlier = 0; earlier < life; earlier++) {
          expect(Buffer.compare(await spool.load(idOf(earlier)), payload(earlier, 100))).toBe(0);
        }
        await spool.store(idOf(life), payload(life, 100));
        await spool.shutdown();
      }
    });
  });

  describe("health", () => {
    it("says open while the spool is open and closed afterwards, for each shard; nothing of it throws", async () => {
      const spool = await openForTest(kind, { path: await temporaryDirectory(), shards: 3 });
      expect(spool.unhealthyReason()).toBeNull();
      const open = spool.health();
      expect(open.map(({ index, state, latched, reason }) => ({ index, state, latched, reason }))).toEqual(
        [0, 1, 2].map((index) => ({ index, state: "open", latched: false, reason: null })),
      );
      expect(open.every(({ restarts, missingBatches }) => restarts === 0 && missingBatches === null)).toBe(true);
      await spool.shutdown();
      expect(spool.health().map(({ state }) => state)).toEqual(["closed", "closed", "closed"]);
      spool.unhealthyReason();
    });
  });
}

const lives = Array.from({ length: 5 }, () => SpoolId.generate());

function idOf(life: number): SpoolId {
  return lives[life] as SpoolId;
}

async function storedBefore(spool: Spool, id: SpoolId): Promise<void> {
  await spool.store(id, payload(3, 100));
  await spool.shutdown();
}

import { rm } from "node:fs/promises";
import { type Spool, SpoolClosedError, SpoolId } from "rockspool";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { entriesOf, idsOf, nextMillisecond } from "../support/entries.ts";
import { type Operation, operations } from "../support/operations.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { openForTest, type SpoolKind } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const KEPT = payload(1, 10);

/** What became of one operation in a spool's life. */
class Attempt {
  readonly operation: Operation;
  /** Of a message that is stored before the shutdown. */
  readonly kept = SpoolId.generate();
  /** What it was refused with. */
  readonly refusals: unknown[] = [];
  /** What loads of the ids that it was refused for are rejected with after reopening. */
  readonly absent: unknown[] = [];
  /** After reopening: what a load of the kept message came to, and then the operation. */
  readonly reopened: PromiseSettledResult<unknown>[] = [];
  readonly #refused: SpoolId[] = [];

  constructor(operation: Operation) {
    this.operation = operation;
  }

  /** On a spool that closes or is closed. */
  async expectedToFail(spool: Spool): Promise<void> {
    const id = SpoolId.generate();
    this.#refused.push(id);
    this.refusals.push(await rejection(this.operation.run(spool, this.operation.name === "remove" ? this.kept : id)));
  }

  async afterReopening(spool: Spool): Promise<void> {
    for (const id of this.#refused) this.absent.push(await rejection(spool.load(id)));
    this.reopened.push(...(await Promise.allSettled([spool.load(this.kept)])));
    this.reopened.push(...(await Promise.allSettled([this.operation.run(spool, this.kept)])));
  }
}

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

  describe("an operation", () => {
    const attempts = operations.map((operation) => new Attempt(operation));

    // One life for all operations: to open a spool for each takes longer than all else here.
    beforeAll(async () => {
      const path = await makeTemporaryDirectory();
      try {
        const spool = await kind.open({ path, shards: 2 });
        for (const { kept } of attempts) await spool.store(kept, KEPT);
        const shutdown = spool.shutdown();
        await Promise.all(attempts.map((attempt) => attempt.expectedToFail(spool)));
        await shutdown;
        await Promise.all(attempts.map((attempt) => attempt.expectedToFail(spool)));
        const again = await kind.open({ path, shards: 2 });
        for (const attempt of attempts) await attempt.afterReopening(again);
        await again.shutdown();
        await kind.check(path);
      } finally {
        await rm(path, { recursive: true, force: true });
      }
    });

    for (const { operation, refusals, absent, reopened } of attempts) {
      const { name, writes } = operation;
      it(`${name} is refused while the spool closes, when it is closed, and works when it is open again`, () => {
        expect(refusals).toHaveLength(2);
        for (const error of refusals) {
          expect(error).toBeInstanceOf(SpoolClosedError);
          expect(error).toMatchObject({ code: "SPOOL_CLOSED", ...(writes && { outcome: "not-written" }) });
        }
        expect(absent, "refused means not written").toHaveLength(2);
        for (const error of absent) expect(error).toMatchObject({ code: "SPOOL_NOT_FOUND" });
        const [kept, done] = reopened;
        expect(kept, "refused means not removed").toEqual({ status: "fulfilled", value: KEPT });
        expect(done).toMatchObject({ status: "fulfilled" });
      });
    }
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

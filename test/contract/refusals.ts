import {
  type Spool,
  SpoolBackpressureTimeoutError,
  SpoolCallerDeadlineExceededError,
  SpoolConfigError,
  SpoolId,
  SpoolNotFoundError,
  SpoolTooLargeError,
} from "rockspool";
import { describe, expect, it } from "vitest";
import { nextMillisecond } from "../support/entries.ts";
import { loadOrNull } from "../support/load-or-null.ts";
import { operations } from "../support/operations.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { type OpenOptions, openForTest, type SpoolKind } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const MIB = 1024 * 1024;

export function describeRefusals(kind: SpoolKind, shared: () => Spool): void {
  const open = async (options: Partial<OpenOptions>): Promise<Spool> =>
    openForTest(kind, { path: await temporaryDirectory(), shards: 2, ...options });

  describe("an aborted signal", () => {
    it("rejects every operation with the signal's reason before it starts", async () => {
      const spool = shared();
      const kept = spool.newId();
      await spool.store(kept, payload(1, 10));
      await nextMillisecond();
      for (const { name, run } of operations) {
        const reason = new Error(`the caller has gone, ${name}`);
        const id = name === "store" || name === "a synced store" ? SpoolId.generate() : kept;
        expect(await rejection(run(spool, id, { signal: AbortSignal.abort(reason) })), name).toBe(reason);
        if (id !== kept) expect(await rejection(spool.load(id)), name).toBeInstanceOf(SpoolNotFoundError);
      }
      expect((await spool.load(kept)).byteLength, "the aborted remove must not have happened").toBe(10);
    });

    it("rejects every pending operation with the signal's reason, or comes too late", async () => {
      const spool = shared();
      for (const { name, run } of operations) {
        const id = spool.newId();
        await spool.store(id, payload(1, 100_000));
        await nextMillisecond();
        const controller = new AbortController();
        const reason = new Error(`the caller has gone, ${name}`);
        const running = run(spool, id, { signal: controller.signal });
        controller.abort(reason);
        const outcome = await running.then(
          () => "done",
          (error: unknown) => error,
        );
        // No operation is answered in the turn of its call, except one that has nothing to do.
        if (name === "cleanup") expect(["done", reason]).toContain(outcome);
        else expect(outcome, name).toBe(reason);
      }
    });

    it("leaves a store whole or absent, and the other stores of its frame alone", async () => {
      const spool = shared();
      for (let round = 0; round < 20; round++) {
        const controller = new AbortController();
        const ids = Array.from({ length: 30 }, () => spool.newId());
        const stores = ids.map((id, i) =>
          spool.store(id, payload(i, 500), i % 3 === 0 ? { signal: controller.signal } : {}),
        );
        if (round % 2 === 1) await Promise.resolve();
        controller.abort();
        const results = await Promise.allSettled(stores);
        for (const [i, id] of ids.entries()) {
          const found = await loadOrNull(spool, id);
          if (found !== null) expect(Buffer.compare(found, payload(i, 500)), `store ${i} of round ${round}`).toBe(0);
          if (i % 3 !== 0) expect(results[i]?.status).toBe("fulfilled");
          if (results[i]?.status === "fulfilled") expect(found, `store ${i} of round ${round}`).not.toBeNull();
        }
      }
    });

    it("ends an enumeration in its middle", async () => {
      const spool = shared();
      await Promise.all(Array.from({ length: 500 }, (_, i) => spool.store(spool.newId(), payload(i, 3000))));
      await nextMillisecond();
      const controller = new AbortController();
      const reason = new Error("enough");
      let count = 0;
      const reading = (async () => {
        for await (const _entry of spool.enumerate({ signal: controller.signal })) {
          if (++count === 100) controller.abort(reason);
        }
      })();
      expect(await rejection(reading)).toBe(reason);
      expect(count, "entries after the abort").toBe(100);
    });

    it("after the end changes nothing", async () => {
      const spool = shared();
      const id = spool.newId();
      const controller = new AbortController();
      await spool.store(id, payload(1, 10), { signal: controller.signal });
      await spool.load(id, { signal: controller.signal });
      controller.abort();
      expect((await spool.load(id)).byteLength).toBe(10);
    });
  });

  describe("a deadline", () => {
    it("that is past refuses the store, which is not written", async () => {
      const spool = shared();
      for (const deadline of [Date.now() - 1, new Date(Date.now() - 1000), 0]) {
        const id = spool.newId();
        const error = await rejection(spool.store(id, payload(1, 10), { deadline }));
        expect(error).toBeInstanceOf(SpoolCallerDeadlineExceededError);
        expect(error).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
        expect(await rejection(spool.load(id))).toBeInstanceOf(SpoolNotFoundError);
      }
    });

    it("that passes while stores wait in the admission queue refuses those, and no others", async () => {
      const spool = await open({ maxPendingBytes: 100_000 });
      const ids = Array.from({ length: 400 }, () => spool.newId());
      const deadline = Date.now() + 20;
      const results = await Promise.allSettled(
        ids.map((id, i) => spool.store(id, payload(2 * i, 60_000), { deadline })),
      );
      const refused = results.filter(({ status }) => status === "rejected").length;
      expect(refused, "24 MB take longer than 20 ms").toBeGreaterThan(0);
      await expectTruth(spool, ids, results, (i) => payload(2 * i, 60_000), SpoolCallerDeadlineExceededError);
    });

    it("of the spool's own counts where it is nearer than the caller's, and tells how long it was", async () => {
      const spool = await open({ maxPendingBytes: 100_000, params: { storeDeadline: "20ms" } });
      const ids = Array.from({ length: 400 }, () => spool.newId());
      const deadline = Date.now() + 60_000;
      const results = await Promise.allSettled(
        ids.map((id, i) => spool.store(id, payload(2 * i, 60_000), { deadline })),
      );
      await expectTruth(spool, ids, results, (i) => payload(2 * i, 60_000), SpoolBackpressureTimeoutError);
      const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      expect(refusals).not.toEqual([]);
      for (const refusal of refusals)
        expect(refusal).toMatchObject({ code: "SPOOL_BACKPRESSURE_TIMEOUT", deadlineMs: 20 });
    });

    it("that is far away does not matter", async () => {
      const spool = shared();
      const id = spool.newId();
      await spool.store(id, payload(1, 10), { deadline: new Date(Date.now() + 3_600_000), forceSync: true });
      expect((await spool.load(id)).byteLength).toBe(10);
    });
  });

  describe("a message larger than maxPendingBytes", () => {
    it("is a SpoolTooLargeError and is not written; one just as large is taken", async () => {
      const spool = await open({ maxPendingBytes: MIB });
      const id = spool.newId();
      const error = await rejection(spool.store(id, new Uint8Array(MIB + 1)));
      expect(error).toBeInstanceOf(SpoolTooLargeError);
      expect(error).toMatchObject({ code: "SPOOL_TOO_LARGE", outcome: "not-written", size: MIB + 1, limit: MIB });
      expect(await rejection(spool.load(id))).toBeInstanceOf(SpoolNotFoundError);
      await spool.store(id, payload(1, MIB));
      expect(Buffer.compare(await spool.load(id), payload(1, MIB))).toBe(0);
    });

    it("makes more than that at once wait in the admission queue, and all of it is stored", async () => {
      const spool = await open({ maxPendingBytes: MIB });
      const ids = Array.from({ length: 40 }, () => spool.newId());
      await Promise.all(ids.map((id, i) => spool.store(id, payload(i, 300_000))));
      for (const [i, id] of ids.entries()) expect(Buffer.compare(await spool.load(id), payload(i, 300_000))).toBe(0);
    });
  });

  describe("what is no id and no message", () => {
    it("rejects with a SpoolConfigError, and does not throw", async () => {
      const spool = shared();
      const wrong = ["", "no id", "0".repeat(31), "0".repeat(32), `${SpoolId.generate()}0`, null, 7, {}];
      for (const id of wrong as string[]) {
        for (const run of [() => spool.store(id, payload(1, 1)), () => spool.load(id), () => spool.remove(id)]) {
          expect(await rejection(run()), JSON.stringify(id)).toBeInstanceOf(SpoolConfigError);
        }
      }
      for (const data of [undefined, "text", [1, 2], new ArrayBuffer(4)] as unknown as Uint8Array[]) {
        expect(await rejection(spool.store(SpoolId.generate(), data))).toBeInstanceOf(SpoolConfigError);
      }
    });
  });
}

/** What resolved is there, what was refused is absent where it says so, and nothing is torn. */
async function expectTruth(
  spool: Spool,
  ids: readonly SpoolId[],
  results: readonly PromiseSettledResult<unknown>[],
  messageOf: (i: number) => Uint8Array,
  refusal: new (...args: never[]) => Error,
): Promise<void> {
  for (const [i, result] of results.entries()) {
    const found = await loadOrNull(spool, ids[i] as SpoolId);
    if (found !== null) expect(Buffer.compare(found, messageOf(i)), `store ${i} is not whole`).toBe(0);
    if (result.status === "fulfilled") expect(found, `store ${i} was acknowledged`).not.toBeNull();
    else {
      expect(result.reason).toBeInstanceOf(refusal);
      expect(result.reason).toMatchObject({ outcome: expect.stringMatching(/^(not-written|unknown)$/) });
      if (result.reason.outcome === "not-written") expect(found, `store ${i} was said not to be written`).toBeNull();
    }
  }
}

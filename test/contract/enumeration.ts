import type { Spool, SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { entriesOf, idsOf, nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { openForTest, type SpoolKind, sharedSpool } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

export function describeEnumeration(kind: SpoolKind): void {
  const open = async (): Promise<Spool> => openForTest(kind, { path: await temporaryDirectory(), shards: 2 });

  describe("enumeration", () => {
    const shared = sharedSpool(kind, { shards: 2 });
    /** The shared spool without what earlier tests left. */
    const emptied = async (): Promise<Spool> => {
      const spool = shared();
      const createdBefore = new Date(Date.now() + 60_000);
      for (const { id } of await entriesOf(spool, { createdBefore })) await spool.remove(id as SpoolId);
      return spool;
    };

    it("of an empty spool yields nothing, and so does a second look", async () => {
      const spool = await open();
      expect(await entriesOf(spool)).toEqual([]);
      expect(await entriesOf(spool)).toEqual([]);
    });

    it("yields each message of each shard once, with its bytes", async () => {
      const spool = await emptied();
      const ids = await storeMany(spool, 2000, 300);
      const indexOf = new Map(ids.map((id, i) => [String(id), i]));
      const entries = await entriesOf(spool);
      expect(idsOf(entries)).toEqual([...indexOf.keys()].sort());
      for (const entry of entries) {
        if (entry.kind !== "item") expect.fail(`corrupt: ${entry.error}`);
        const expected = payload(indexOf.get(String(entry.id)) as number, 300);
        expect(Buffer.compare(entry.data, expected), String(entry.id)).toBe(0);
      }
    });

    it("yields messages of all sizes: none, and larger than a frame", async () => {
      const spool = await emptied();
      const sizes = [0, 1, 5_000_000, 10, 1_048_576, 70_000];
      const ids = sizes.map(() => spool.newId());
      await Promise.all(ids.map((id, i) => spool.store(id, payload(i, sizes[i] as number))));
      await nextMillisecond();
      const entries = await entriesOf(spool);
      expect(idsOf(entries)).toEqual(ids.map(String).sort());
      for (const entry of entries) {
        if (entry.kind !== "item") expect.fail(`corrupt: ${entry.error}`);
        const i = ids.findIndex((id) => id.equals(entry.id));
        expect(Buffer.compare(entry.data, payload(i, sizes[i] as number)), `${sizes[i]} bytes`).toBe(0);
      }
    });

    it("does not yield what was removed, and yields once what was replaced", async () => {
      const spool = await emptied();
      const ids = await storeMany(spool, 60, 10);
      await Promise.all(ids.slice(0, 20).map((id) => spool.remove(id)));
      await Promise.all(ids.slice(20, 40).map((id) => spool.store(id, payload(1000, 9))));
      const entries = await entriesOf(spool);
      expect(idsOf(entries)).toEqual(ids.slice(20).map(String).sort());
      expect(entries.filter((entry) => entry.kind === "item" && entry.data.byteLength === 9)).toHaveLength(20);
    });

    it("is of messages made before createdBefore, whenever they were stored", async () => {
      const spool = await emptied();
      const old = spool.newId();
      await nextMillisecond();
      const between = new Date();
      await nextMillisecond();
      const young = spool.newId();
      // Stored the other way round: when an id was made counts, not when it was stored.
      await spool.store(young, payload(1, 10));
      await spool.store(old, payload(2, 10));
      expect(idsOf(await entriesOf(spool, { createdBefore: between }))).toEqual([String(old)]);
      expect(idsOf(await entriesOf(spool, { createdBefore: old.created }))).toEqual([]);
      const later = new Date(Date.now() + 60_000);
      expect(idsOf(await entriesOf(spool, { createdBefore: later }))).toEqual([String(old), String(young)].sort());
    });

    it("yields the messages made before the call, unless createdBefore says otherwise", async () => {
      const spool = await emptied();
      const [before] = await storeMany(spool, 1, 10);
      const enumeration = spool.enumerate();
      await nextMillisecond();
      await spool.store(spool.newId(), payload(2, 10));
      const seen: string[] = [];
      for await (const entry of enumeration) seen.push(String(entry.id));
      expect(seen).toEqual([String(before)]);
    });

    it("yields what was there throughout, once each, while others come and go", async () => {
      const spool = await emptied();
      const staying = await storeMany(spool, 1000, 200);
      const going = await storeMany(spool, 300, 200);
      const seen: string[] = [];
      const changes: Promise<unknown>[] = [];
      for await (const entry of spool.enumerate()) {
        seen.push(String(entry.id));
        const id = going.pop();
        if (id !== undefined) changes.push(spool.remove(id), spool.store(spool.newId(), payload(5, 200)));
        const replaced = staying[seen.length % staying.length] as SpoolId;
        if (seen.length % 10 === 0) changes.push(spool.store(replaced, payload(6, 100)));
      }
      await Promise.all(changes);
      expect(new Set(seen).size, "an id came twice").toBe(seen.length);
      const found = new Set(seen);
      expect(staying.filter((id) => !found.has(String(id)))).toEqual([]);
    });

    it("can load, remove and store from inside the loop", async () => {
      const spool = await emptied();
      await storeMany(spool, 200, 100);
      for await (const entry of spool.enumerate()) {
        const id = entry.id as SpoolId;
        expect((await spool.load(id)).byteLength).toBe(100);
        await spool.remove(id);
      }
      await nextMillisecond();
      expect(await entriesOf(spool)).toEqual([]);
    });

    it("runs twice at once, each in full", async () => {
      const spool = await emptied();
      const ids = await storeMany(spool, 500, 2000);
      const [first, second] = await Promise.all([entriesOf(spool), entriesOf(spool)]);
      expect(idsOf(first)).toEqual(ids.map(String).sort());
      expect(idsOf(second)).toEqual(ids.map(String).sort());
    });

    it("ends at a break, and leaves a spool that goes on", async () => {
      const spool = await emptied();
      const ids = await storeMany(spool, 500, 2000);
      for (let round = 0; round < 10; round++) {
        let count = 0;
        for await (const _entry of spool.enumerate()) if (++count === 1 + round * 7) break;
      }
      const left = spool.enumerate();
      await left.next();
      expect(await left.return?.()).toMatchObject({ done: true });
      expect(await left.next()).toEqual({ done: true, value: undefined });
      expect(await entriesOf(spool)).toHaveLength(ids.length);
    });

    it("is an iterator: it is its own iterable, takes calls of next at once, and stays done", async () => {
      const spool = await emptied();
      const ids = await storeMany(spool, 4, 10);
      const enumeration = spool.enumerate();
      expect(enumeration[Symbol.asyncIterator]()).toBe(enumeration);
      const results = await Promise.all(Array.from({ length: 6 }, () => enumeration.next()));
      const found = results.filter((result) => !result.done).map((result) => String(result.value.id));
      expect(found.sort()).toEqual(ids.map(String).sort());
      expect(await enumeration.next()).toEqual({ done: true, value: undefined });
    });

    it("that is never read, or returned before its first read, does not hold up a shutdown", async () => {
      const spool = await open();
      await storeMany(spool, 100, 10);
      spool.enumerate();
      await spool.enumerate().return?.();
      // What the test is about: the spool can be shut down beside them.
      await spool.shutdown();
    });
  });
}

/** Messages number 0, 1, 2 … of this size, all older than what is asked for next. */
async function storeMany(spool: Spool, count: number, size: number): Promise<SpoolId[]> {
  const ids = Array.from({ length: count }, () => spool.newId());
  await Promise.all(ids.map((id, i) => spool.store(id, payload(i, size))));
  await nextMillisecond();
  return ids;
}

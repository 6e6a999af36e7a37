import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { cleanerOf, fold } from "../../test/cleaning.ts";
import { filesOf, flipByte } from "../../test/damage.ts";
import { key } from "../../test/frames.ts";
import { message, placesIn, TestShard, texts, write } from "../../test/test-shard.ts";
import * as memory from "../engine/memory-engine.ts";
import { segmentPath } from "../log/segment-file.ts";
import type { MessageStore } from "./message-store.ts";

const SEGMENT_BYTES = 4096;
const RECORD_BYTES = 40;

type Step =
  | { readonly store: readonly (readonly [id: number, bytes: number])[] }
  | { readonly remove: readonly number[] }
  | "clean";

/** Not 0: that is the proof's key. */
const anyId = fc.integer({ min: 1, max: 60 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(fc.tuple(anyId, fc.nat(900)), { minLength: 1, maxLength: 12 }).map((store) => ({ store })),
  },
  { weight: 3, arbitrary: fc.array(anyId, { minLength: 1, maxLength: 25 }).map((remove) => ({ remove })) },
  { weight: 1, arbitrary: fc.constant("clean" as const) },
);

async function openStore(): Promise<{ shard: TestShard; store: MessageStore }> {
  const shard = new TestShard(memory, SEGMENT_BYTES);
  const { store } = await shard.openSound();
  onTestFinished(() => store.close().catch(() => {}));
  return { shard, store };
}

/** Fills about this many segments with messages of 500 bytes, from this id on. */
async function fill(store: MessageStore, from: number, segments: number): Promise<number[]> {
  const count = Math.ceil((segments * SEGMENT_BYTES) / 700);
  const ids = Array.from({ length: count }, (_, i) => from + i);
  for (const id of ids) await write(store, { id, data: Buffer.alloc(500, id) });
  return ids;
}

async function remove(store: MessageStore, ids: readonly number[]): Promise<void> {
  await write(store, ...ids.map((id) => ({ id })));
}

function liveBytes(model: ReadonlyMap<number, Buffer>): number {
  return [...model.values()].reduce((sum, { byteLength }) => sum + byteLength + RECORD_BYTES, 0);
}

describe("cleaning", () => {
  it("keeps the bound, loses nothing, and leaves what a rebuild would find, over any stores and removes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 20, maxLength: 60 }), async (steps) => {
        const { store } = await openStore();
        const { cleaner, errors } = cleanerOf(store);
        const model = new Map<number, Buffer>();
        const check = async (): Promise<void> => {
          await cleaner.run();
          expect(store.log.bytes).toBeLessThanOrEqual(2 * liveBytes(model) + 3 * SEGMENT_BYTES);
          const sizes = [...model].map(([id, { byteLength }]) => [id, byteLength]);
          expect([cleaner.liveBytes, sizes.length]).toStrictEqual([liveBytes(model), (await placesIn(store)).size]);
          expect(await fold(store)).toStrictEqual(await placesIn(store));
          const found = await store.load([...model.keys()].map(key));
          [...model.values()].forEach((data, i) => {
            expect(data.equals(found[i] as Uint8Array)).toBe(true);
          });
        };
        let fillByte = 0;
        for (const step of steps) {
          if (step === "clean") await check();
          else if ("store" in step) {
            const changes = step.store.map(([id, bytes]) => ({ id, data: Buffer.alloc(bytes, ++fillByte) }));
            for (const { id, data } of changes) model.set(id, data);
            await write(store, ...changes);
          } else {
            for (const id of step.remove) model.delete(id);
            await remove(store, step.remove);
          }
        }
        await check();
        expect(errors).toStrictEqual([]);
        expect(filesOf(store.log.directory, ".seg")).toHaveLength(store.log.segments.length);
      }),
      { numRuns: 12 },
    );
  });

  it("unlinks everything but the newest segment where nothing lives", async () => {
    const { store } = await openStore();
    await remove(store, await fill(store, 1, 12));
    const { cleaner, errors } = cleanerOf(store);
    await cleaner.run();
    expect(store.log.bytes).toBeLessThanOrEqual(3 * SEGMENT_BYTES);
    expect([cleaner.liveBytes, (await placesIn(store)).size, errors]).toStrictEqual([0, 0, []]);
  });

  it("appends nothing where the bound holds", async () => {
    const { store } = await openStore();
    await fill(store, 1, 8);
    const { bytes, end } = store.log;
    await cleanerOf(store).cleaner.run();
    expect([store.log.bytes, store.log.end]).toStrictEqual([bytes, end]);
  });

  it("does not bring a removed message back: its remove goes only with everything older", async () => {
    const { shard, store } = await openStore();
    const ids = await fill(store, 1, 8);
    const removed = ids.filter((id) => id % 8 !== 0);
    await remove(store, removed);
    await cleanerOf(store).cleaner.run();
    await fill(store, 1000, 6);
    await cleanerOf(store).cleaner.run();
    expect(await fold(store)).toStrictEqual(await placesIn(store));
    await store.sync();
    await store.close();
    await shard.anotherBoot();
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    const found = await again.store.load(ids.map(key));
    expect(found.map((one) => one !== null)).toStrictEqual(ids.map((id) => id % 8 === 0));
  });

  it("does not move a message over a newer version, nor one that was removed", async () => {
    const { store } = await openStore();
    const ids = await fill(store, 1, 12);
    await remove(store, ids.slice(4));
    let isFirst = true;
    const { cleaner, errors } = cleanerOf(store, async () => {
      if (!isFirst) return;
      isFirst = false;
      await write(store, message(1, "newer"), { id: 2 });
    });
    await cleaner.run();
    expect(isFirst).toBe(false);
    expect(await texts(store, 1, 2)).toStrictEqual(["newer", null]);
    expect(await fold(store)).toStrictEqual(await placesIn(store));
    expect(await texts(store, 3)).toStrictEqual([Buffer.alloc(500, 3).toString()]);
    expect(errors).toStrictEqual([]);
  });

  it("moves a damaged message as damaged, tells it, and goes on", async () => {
    const { shard, store } = await openStore();
    const ids = await fill(store, 1, 12);
    const [place] = await store.places([key(1)]);
    if (place == null || place instanceof Error) throw new Error("message 1 has no place");
    flipByte(segmentPath(shard.logPath, place.segment), place.offset + 7);
    await remove(store, ids.slice(4));
    const { cleaner, errors } = cleanerOf(store);
    await cleaner.run();
    expect(errors).toMatchObject([{ kind: "corruption", path: shard.path, cause: { name: "CorruptBodyError" } }]);
    expect(store.log.firstSegment).toBeGreaterThan(place.segment);
    const found = await store.load([1, 2, 3, 4].map(key));
    expect(found.map((one) => one instanceof Error)).toStrictEqual([true, false, false, false]);
    expect(found[0]).toMatchObject({ cause: { name: "CorruptBodyError" } });
  });

  it("unlinks nothing where an entry of the index is no place: its message may live there", async () => {
    const { store } = await openStore();
    await remove(store, await fill(store, 1, 12));
    await store.index.write((batch) => batch.put(key(5), Buffer.from("no place")));
    const { cleaner, errors } = cleanerOf(store);
    const { bytes } = store.log;
    await cleaner.run();
    expect(store.log.bytes).toBe(bytes);
    expect(errors).toMatchObject([{ kind: "corruption", message: "an entry of the index is no place" }]);
  });

  it("unlinks nothing where the sync of the moves fails", async () => {
    const { store } = await openStore();
    const ids = await fill(store, 1, 12);
    await remove(store, ids.slice(4));
    const segments = store.log.segments.length;
    store.log.sync = () => Promise.reject(new Error("input/output error"));
    const { cleaner, errors } = cleanerOf(store);
    await cleaner.run();
    expect(errors).toMatchObject([{ message: "input/output error" }]);
    expect(store.log.segments.length).toBeGreaterThanOrEqual(segments);
    expect((await store.load(ids.slice(0, 4).map(key))).every((one) => one instanceof Uint8Array)).toBe(true);
  });

  it("that is ended in the middle loses nothing and unlinks nothing more", async () => {
    const { store } = await openStore();
    const ids = await fill(store, 1, 12);
    await remove(
      store,
      ids.filter((id) => id % 5 !== 0),
    );
    let ending: Promise<void> | null = null;
    const { cleaner, errors } = cleanerOf(store, async () => {
      ending ??= cleaner.end();
    });
    const segments = store.log.segments.map(({ segment }) => segment);
    await cleaner.run();
    await ending;
    expect(store.log.segments.map(({ segment }) => segment)).toStrictEqual(segments);
    const found = await store.load(ids.map(key));
    expect(found.map((one) => one !== null)).toStrictEqual(ids.map((id) => id % 5 === 0));
    expect(errors).toStrictEqual([]);
  });

  it("is one run for calls at the same time", async () => {
    const { store } = await openStore();
    await remove(store, await fill(store, 1, 12));
    const { cleaner } = cleanerOf(store);
    expect(cleaner.run()).toBe(cleaner.run());
    await cleaner.run();
  });
});

describe("a pass is due", () => {
  it("not below three segments, whatever was removed", async () => {
    const { store } = await openStore();
    await remove(store, await fill(store, 1, 2));
    expect(cleanerOf(store).cleaner.isDue).toBe(false);
  });

  it("when the log grew by what lived, or a quarter of that was stored or removed, since the last pass", async () => {
    const { store } = await openStore();
    const { cleaner } = cleanerOf(store);
    const ids = await fill(store, 1, 10);
    expect(cleaner.isDue).toBe(true);
    await cleaner.run();
    expect(cleaner.isDue).toBe(false);
    const quarter = Math.ceil(ids.length / 4);
    for (const id of ids.slice(0, quarter - 1)) await write(store, { id });
    expect(cleaner.isDue).toBe(false);
    await write(store, { id: 999 });
    expect(cleaner.isDue).toBe(true);
    await cleaner.run();
    expect(cleaner.isDue).toBe(false);
    await write(store, { id: 1000, data: Buffer.alloc(12 * SEGMENT_BYTES) });
    expect(cleaner.isDue).toBe(true);
  });
});

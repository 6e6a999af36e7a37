import { rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { cleanerOf, fold } from "../../test/cleaning.ts";
import { key } from "../../test/frames.ts";
import { checkpoint, closeInOrder, IDENTITY, placesIn, TestShard, write } from "../../test/test-shard.ts";
import * as memory from "../engine/memory-engine.ts";
import { segmentPath } from "../log/segment-file.ts";
import * as rocksdb from "../rocksdb/rocksdb-engine.ts";
import type { MessageStore } from "./message-store.ts";
import { rebuildIndex } from "./rebuild-index.ts";

/** What can happen to a shard. After each opening it holds exactly what a map holds. */
type Step =
  | { readonly change: readonly (readonly [id: number, bytes: number | null])[] }
  | "sync"
  | "tick"
  | "checkpoint"
  | "clean"
  | "rebuild"
  | "close"
  /** The process dies; the machine goes on. */
  | "crash"
  /** The process dies, and its index directory is deleted. */
  | "crash without index"
  /** What was not synced is cut off the log. */
  | "power cut";

const SEGMENT_BYTES = 4096;
const ID_COUNT = 40;

const anyChange = fc.tuple(fc.integer({ min: 1, max: ID_COUNT }), fc.option(fc.nat(700), { freq: 3 }));
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: fc.array(anyChange, { minLength: 1, maxLength: 10 }).map((change) => ({ change })) },
  { weight: 3, arbitrary: fc.constant("sync" as const) },
  ...(["tick", "checkpoint", "clean", "crash", "power cut"] as const).map((step) => ({
    weight: 2,
    arbitrary: fc.constant(step),
  })),
  ...(["rebuild", "close", "crash without index"] as const).map((step) => ({
    weight: 1,
    arbitrary: fc.constant(step),
  })),
);

class Run {
  readonly #shard: TestShard;
  #store: MessageStore | null = null;
  #now = new Map<number, Buffer>();
  /** As of the last sync: what a power cut must leave. */
  #synced = new Map<number, Buffer>();
  #fillByte = 0;

  constructor(shard: TestShard) {
    this.#shard = shard;
  }

  async open(): Promise<void> {
    this.#store = (await this.#shard.openSound()).store;
    await this.check();
    // An opening syncs all that it finds.
    this.#synced = new Map(this.#now);
  }

  async do(step: Step): Promise<void> {
    const store = this.#store as MessageStore;
    if (typeof step === "object") return this.#change(store, step.change);
    switch (step) {
      case "sync":
      case "tick":
        if (!store.isSynced) await store.sync();
        this.#synced = new Map(this.#now);
        if (step === "tick") await store.mark();
        return;
      case "checkpoint":
        await checkpoint(store);
        this.#synced = new Map(this.#now);
        return store.mark();
      case "clean": {
        const { cleaner, errors } = cleanerOf(store);
        await cleaner.run();
        expect(errors).toStrictEqual([]);
        if (store.isSynced) this.#synced = new Map(this.#now);
        return this.check();
      }
      case "rebuild":
        await rebuildIndex({ ...this.#shard, store, identity: IDENTITY, options: this.#shard.options });
        this.#synced = new Map(this.#now);
        return this.check();
      case "close":
        await closeInOrder(store);
        return this.open();
      case "crash":
        await store.close();
        return this.open();
      case "crash without index":
        await store.close();
        rmSync(join(this.#shard.root, store.indexName), { recursive: true, force: true });
        return this.open();
      case "power cut":
        return this.#cutPower(store);
    }
  }

  async #change(store: MessageStore, changes: readonly (readonly [number, number | null])[]): Promise<void> {
    const records = changes.map(([id, bytes]) => {
      if (bytes === null) return { id };
      return { id, data: Buffer.alloc(bytes, ++this.#fillByte) };
    });
    for (const { id, data } of records) {
      if (data === undefined) this.#now.delete(id);
      else this.#now.set(id, data);
    }
    await write(store, ...records);
  }

  async #cutPower(store: MessageStore): Promise<void> {
    const synced = new Map(store.log.syncedSegments);
    const segments = store.log.segments.map(({ segment }) => segment);
    await store.index.flush();
    await store.close();
    for (const segment of segments) {
      const path = segmentPath(this.#shard.logPath, segment);
      const end = synced.get(segment);
      if (end === undefined) rmSync(path);
      else truncateSync(path, end);
    }
    await this.#shard.anotherBoot();
    this.#now = new Map(this.#synced);
    return this.open();
  }

  async check(): Promise<void> {
    const store = this.#store as MessageStore;
    const ids = Array.from({ length: ID_COUNT }, (_, i) => i + 1);
    const found = await store.load(ids.map(key));
    ids.forEach((id, i) => {
      const [expected, message] = [this.#now.get(id) ?? null, found[i]];
      if (message instanceof Error) throw message;
      expect(message === null ? null : Buffer.from(message as Uint8Array), `message ${id}`).toStrictEqual(expected);
    });
    const places = await placesIn(store);
    expect(places.size).toBe(this.#now.size);
    expect(await fold(store)).toStrictEqual(places);
  }

  async end(): Promise<void> {
    await this.check();
    await this.#store?.close();
  }
}

it.each([
  ["in memory", memory, 15, 60],
  ["of RocksDB", rocksdb, 8, 30],
])("a shard with an index %s holds what a map holds, whatever happens to it", async (_, module, numRuns, maxLength) => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength, size: "max" }), async (steps) => {
      const run = new Run(new TestShard(module, SEGMENT_BYTES));
      await run.open();
      for (const step of steps) await run.do(step);
      await run.end();
    }),
    { numRuns },
  );
});

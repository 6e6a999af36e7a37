import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { fold } from "../../test/cleaning.ts";
import { flipByte } from "../../test/damage.ts";
import { closeInOrder, IDENTITY, message, placesIn, TestShard, texts, write } from "../../test/test-shard.ts";
import type { EngineModule } from "../engine/engine.ts";
import { segmentPath } from "../log/segment-file.ts";
import * as rocksdb from "../rocksdb/rocksdb-engine.ts";
import type { MessageStore } from "./message-store.ts";
import { rebuildIndex } from "./rebuild-index.ts";

async function filledShard(): Promise<{ shard: TestShard; store: MessageStore }> {
  const shard = new TestShard(rocksdb);
  const { store } = await shard.openSound();
  onTestFinished(() => store.close().catch(() => {}));
  await write(store, message(1, "old"), message(2, "gone"));
  await write(store, message(1, "new"), { id: 2 });
  await write(store, message(3, "three"));
  return { shard, store };
}

function rebuild({ path, module, options }: TestShard, store: MessageStore, other = module): Promise<number> {
  return rebuildIndex({ store, path, identity: IDENTITY, module: other, options });
}

const DIRECTORIES = ["shard-000", "shard-000-messages", "shard-000.mark"];

describe("the index of an open shard", () => {
  it("is made anew from the log in another directory, and the old one goes", async () => {
    const { shard, store } = await filledShard();
    const before = await placesIn(store);
    expect(await rebuild(shard, store)).toBe(5);
    expect([store.indexName, store.index.path]).toStrictEqual([
      "shard-000-index-2",
      join(shard.root, "shard-000-index-2"),
    ]);
    expect(await placesIn(store)).toStrictEqual(before);
    expect(await fold(store)).toStrictEqual(before);
    expect(existsSync(shard.path)).toBe(false);
    expect(await shard.mark()).toMatchObject({ index: "shard-000-index-2", synced: 3, applied: { block: 3 } });
    await write(store, message(4, "four"));
    expect(await texts(store, 1, 2, 3, 4)).toStrictEqual(["new", null, "three", "four"]);
    await store.close();
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect([again.notes, again.store.indexName]).toStrictEqual([[], "shard-000-index-2"]);
    expect(await texts(again.store, 1, 2, 3, 4)).toStrictEqual(["new", null, "three", "four"]);
  });

  it("is made anew where its directory is gone, again and again", async () => {
    const { shard, store } = await filledShard();
    for (const name of ["shard-000-index-2", "shard-000-index-3"]) {
      rmSync(store.index.path, { recursive: true });
      await rebuild(shard, store);
      expect(store.indexName).toBe(name);
      expect(await texts(store, 1, 2, 3)).toStrictEqual(["new", null, "three"]);
    }
    await closeInOrder(store);
    expect(readdirSync(shard.root).sort()).toStrictEqual(["shard-000-index-3", "shard-000-messages", "shard-000.mark"]);
  });

  it("uses nothing of a rebuild that was cut short", async () => {
    const { shard, store } = await filledShard();
    const left = join(shard.root, "shard-000-index-2");
    mkdirSync(left);
    writeFileSync(join(left, "CURRENT"), "half");
    await rebuild(shard, store);
    expect(await texts(store, 1, 2, 3)).toStrictEqual(["new", null, "three"]);
  });

  it("holds what an index batch that failed did not bring", async () => {
    const { shard, store } = await filledShard();
    vi.spyOn(store.index, "write").mockRejectedValueOnce(new Error("input/output error"));
    await expect(write(store, message(3, "newer"))).rejects.toThrow("input/output error");
    await rebuild(shard, store);
    await write(store, message(4, "four"));
    expect(await texts(store, 3, 4)).toStrictEqual(["newer", "four"]);
    expect(await fold(store)).toStrictEqual(await placesIn(store));
  });

  it("stays as it is where the log is damaged: it knows what is lost", async () => {
    const { shard, store } = await filledShard();
    flipByte(segmentPath(shard.logPath, 1), 64 + 20);
    await expect(rebuild(shard, store)).rejects.toThrow(/^the message log is damaged: 0000000001\.seg from 64/);
    expect([store.indexName, readdirSync(shard.root).sort()]).toStrictEqual(["shard-000", DIRECTORIES]);
    expect(await texts(store, 1, 2, 3)).toStrictEqual(["new", null, "three"]);
    await write(store, message(4, "four"));
    expect(await texts(store, 4)).toStrictEqual(["four"]);
  });

  it.each(["openEngine", "write", "flush"] as const)("stays as it is where the new one fails: %s", async (call) => {
    const { shard, store } = await filledShard();
    const failing: EngineModule = {
      openEngine: async (path, options) => {
        if (call === "openEngine") throw new Error("no space left on device");
        const engine = await rocksdb.openEngine(path, options);
        vi.spyOn(engine, call).mockRejectedValue(new Error("no space left on device"));
        return engine;
      },
    };
    await expect(rebuild(shard, store, failing)).rejects.toThrow("no space left on device");
    expect([store.indexName, readdirSync(shard.root).sort()]).toStrictEqual(["shard-000", DIRECTORIES]);
    await write(store, message(4, "four"));
    expect(await texts(store, 1, 2, 3, 4)).toStrictEqual(["new", null, "three", "four"]);
  });

  it("is served although the mark that names it cannot be written", async () => {
    const { shard, store } = await filledShard();
    vi.spyOn(store, "mark").mockRejectedValueOnce(new Error("no space left on device"));
    await expect(rebuild(shard, store)).rejects.toThrow("no space left on device");
    expect(await texts(store, 1, 2, 3)).toStrictEqual(["new", null, "three"]);
    await write(store, message(4, "four"));
    // The mark still names the old one.
    expect([(await shard.mark()).index, store.isMarkDue]).toStrictEqual(["shard-000", true]);
    await store.close();
    const again = await shard.openSound();
    onTestFinished(() => again.store.close());
    expect(await texts(again.store, 1, 2, 3, 4)).toStrictEqual(["new", null, "three", "four"]);
  });
});

import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Engine, EngineModule, EngineOptions } from "../../src/engine/engine.ts";
import { all, bytes, hex, many, page, put, text } from "../engine-calls.ts";
import { engineOptions } from "../engine-options.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Conformance suite: how every `Engine` reads and writes. */
export function engineDataConformance(name: string, module: EngineModule): void {
  let path: string;

  beforeEach(() => {
    path = join(temporaryDirectory(), "shard");
  });

  async function open(mode: EngineOptions["mode"]): Promise<Engine> {
    const engine = await module.openEngine(path, engineOptions(mode));
    onTestFinished(() => engine.close());
    return engine;
  }

  describe(`${name}: reads and writes`, () => {
    it("a written value is read byte for byte, by get and by getMany", async () => {
      const engine = await open("create");
      await put(engine, { a: "1", b: "2", empty: "" });
      expect(await many(engine, "b", "missing", "empty", "a", "b")).toStrictEqual(["2", null, "", "1", "2"]);
      expect(text(await engine.get(bytes("a")))).toBe("1");
      expect(text(await engine.get(bytes("empty")))).toBe("");
      expect(await engine.get(bytes("missing"))).toBeNull();
    });

    it("getMany of no keys is an empty result", async () => {
      const engine = await open("create");
      expect(await engine.getMany([])).toStrictEqual([]);
    });

    it("keys and values may hold any byte and be of any size", async () => {
      const engine = await open("create");
      const entries = [
        { key: Buffer.of(0), value: Buffer.of(0, 255, 0) },
        { key: Buffer.alloc(16, 255), value: Buffer.alloc(3_000_000, 7) },
        { key: Buffer.alloc(2_000, 1), value: Buffer.alloc(1, 1) },
      ];
      await engine.write((batch) => {
        for (const { key, value } of entries) batch.put(key, value);
      });
      const values = (await engine.getMany(entries.map(({ key }) => key))) as Uint8Array[];
      for (const [index, { value }] of entries.entries()) expect(Buffer.compare(values[index]!, value)).toBe(0);
    });

    it("a batch and a getMany may have more keys than a native batch has room for at first", async () => {
      const engine = await open("create");
      const count = 5_000;
      const keys = Array.from({ length: count }, (_, index) => `key ${index}`);
      await put(engine, Object.fromEntries(keys.map((key) => [key, `value of ${key}`])));
      expect(await many(engine, ...keys)).toStrictEqual(keys.map((key) => `value of ${key}`));
      expect(await all(engine)).toHaveLength(count);
    });

    it("a batch's memory may be changed once the batch is written", async () => {
      const engine = await open("create");
      const key = bytes("key");
      const value = bytes("value");
      await engine.write((batch) => batch.put(key, value));
      key.fill(0);
      value.fill(0);
      expect(await all(engine)).toStrictEqual(["key=value"]);
    });

    it("of a view into a buffer only the viewed bytes are written", async () => {
      const engine = await open("create");
      const buffer = bytes("xxkeyvaluexx");
      await engine.write((batch) => batch.put(buffer.subarray(2, 5), buffer.subarray(5, 10)));
      expect(await all(engine)).toStrictEqual(["key=value"]);
    });

    it("a second value replaces the first; a removed key is gone, and removing it again is no error", async () => {
      const engine = await open("create");
      await put(engine, { a: "1", b: "2" });
      await put(engine, { a: "3" });
      await engine.write((batch) => batch.remove(bytes("b")));
      await engine.write((batch) => batch.remove(bytes("b")));
      expect(await all(engine)).toStrictEqual(["a=3"]);
    });

    it("within a batch the last operation on a key wins", async () => {
      const engine = await open("create");
      await engine.write((batch) => {
        batch.put(bytes("a"), bytes("1"));
        batch.put(bytes("a"), bytes("2"));
        batch.remove(bytes("b"));
        batch.put(bytes("b"), bytes("3"));
        batch.put(bytes("c"), bytes("4"));
        batch.remove(bytes("c"));
      });
      expect(await all(engine)).toStrictEqual(["a=2", "b=3"]);
    });

    it("batches are applied in order, and an empty one changes nothing", async () => {
      const engine = await open("create");
      for (let round = 0; round < 20; round++) await put(engine, { a: String(round) });
      await engine.write(() => {});
      expect(await all(engine)).toStrictEqual(["a=19"]);
    });

    it("a read sees all of a batch or none of it", async () => {
      const engine = await open("create");
      const keys = Array.from({ length: 200 }, (_, index) => `key ${index}`);
      for (let round = 0; round < 20; round++) {
        const value = `round ${round}`;
        const writing = put(engine, Object.fromEntries(keys.map((key) => [key, value])));
        const seen = new Set(await many(engine, ...keys));
        expect(seen.size, `${[...seen]}`).toBe(1);
        await writing;
      }
    });
  });

  describe(`${name}: pages`, () => {
    it("are in the byte order of the keys", async () => {
      const engine = await open("create");
      const keys = [[255], [0], [128, 0], [127, 255], [0, 0], [], [128], [0, 255, 255]].filter((key) => key.length > 0);
      await engine.write((batch) => {
        for (const key of keys) batch.put(Buffer.from(key), bytes("v"));
      });
      const sorted = keys.map((key) => Buffer.from(key)).sort(Buffer.compare);
      expect((await engine.page(null, 100)).map(({ key }) => hex(key))).toStrictEqual(sorted.map(hex));
    });

    it("hold as many entries as requested, continue after a key, and are shorter only at the end", async () => {
      const engine = await open("create");
      await put(engine, { a: "1", b: "2", c: "3", d: "4", e: "5" });
      expect(await page(engine, null, 2)).toStrictEqual(["a=1", "b=2"]);
      expect(await page(engine, "b", 2)).toStrictEqual(["c=3", "d=4"]);
      expect(await page(engine, "d", 2)).toStrictEqual(["e=5"]);
      expect(await page(engine, "e", 2)).toStrictEqual([]);
      expect(await page(engine, null, 5)).toHaveLength(5);
      expect(await page(engine, null, 1_000)).toHaveLength(5);
    });

    it("continue after a key that is absent or was removed", async () => {
      const engine = await open("create");
      await put(engine, { a: "1", c: "3", ca: "4" });
      expect(await page(engine, "b", 5)).toStrictEqual(["c=3", "ca=4"]);
      await engine.write((batch) => batch.remove(bytes("c")));
      expect(await page(engine, "c", 5)).toStrictEqual(["ca=4"]);
      expect(await page(engine, "z", 5)).toStrictEqual([]);
    });

    it("of an empty shard are empty", async () => {
      expect(await page(await open("create"), null, 10)).toStrictEqual([]);
    });
  });
}

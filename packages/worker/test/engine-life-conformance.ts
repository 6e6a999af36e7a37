import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Engine, EngineModule, EngineOptions } from "../src/engine/engine.ts";
import { all, bytes, many, put, text } from "./engine-calls.ts";
import { engineOptions } from "./engine-options.ts";
import { listing, temporaryDirectory } from "./temporary-directory.ts";

/** How every engine opens, closes and opens again. */
export function engineLifeSuite(name: string, module: EngineModule): void {
  let path: string;

  beforeEach(() => {
    path = join(temporaryDirectory(), "shard");
  });

  async function open(mode: EngineOptions["mode"]): Promise<Engine> {
    const engine = await module.openEngine(path, engineOptions(mode));
    onTestFinished(() => engine.close());
    return engine;
  }

  /** A shard that holds these, and is closed. */
  async function closedWith(entries: Readonly<Record<string, string>>): Promise<void> {
    const engine = await module.openEngine(path, engineOptions("create"));
    await put(engine, entries);
    await engine.sync();
    await engine.close();
  }

  describe(`${name}: life`, () => {
    it("what was synced is there at the next open, and the one after that", async () => {
      await closedWith({ a: "1", b: "2" });
      for (let round = 0; round < 2; round++) {
        const engine = await module.openEngine(path, engineOptions("existing"));
        expect(await all(engine)).toStrictEqual(["a=1", "b=2"]);
        await engine.close();
      }
    });

    it("what was written and closed without a sync is there too", async () => {
      const engine = await module.openEngine(path, engineOptions("create"));
      await put(engine, { a: "1" });
      await engine.close();
      expect(await all(await open("existing"))).toStrictEqual(["a=1"]);
    });

    it("flush and compact change nothing of what is held", async () => {
      const engine = await open("create");
      await put(engine, { a: "1", b: "2", c: "3" });
      await engine.flush();
      await engine.write((batch) => batch.remove(bytes("b")));
      await engine.flush();
      await engine.compact();
      expect(await all(engine)).toStrictEqual(["a=1", "c=3"]);
      expect(await many(engine, "a", "b", "c")).toStrictEqual(["1", null, "3"]);
      await engine.compact();
      await engine.sync();
    });

    it("evidence is there for an open shard, or the engine has none", async () => {
      const engine = await open("create");
      await put(engine, { a: "1" });
      await engine.sync();
      const evidence = await engine.evidence();
      if (evidence === null) return;
      expect(evidence.manifest.bytes).toBeGreaterThan(0);
      expect(readdirSync(path)).toContain(evidence.manifest.name);
    });

    it("a figure that is not known is 0", async () => {
      expect(await (await open("create")).figure("no-such-thing")).toBe(0);
    });

    it("closing twice is closing once", async () => {
      const engine = await open("create");
      await put(engine, { a: "1" });
      await engine.close();
      await engine.close();
      expect(await all(await open("existing"))).toStrictEqual(["a=1"]);
    });

    it.each(["existing", "read-only"] as const)(
      "opening what is missing as %s fails and creates nothing",
      async (mode) => {
        await expect(open(mode)).rejects.toBeInstanceOf(SpoolEngineError);
        await expect(open(mode)).rejects.toMatchObject({ kind: "io", path });
        expect(existsSync(path)).toBe(false);
        mkdirSync(path);
        for (let attempt = 0; attempt < 2; attempt++) {
          await expect(open(mode)).rejects.toMatchObject({ kind: "io", path });
          expect(readdirSync(path)).toStrictEqual([]);
        }
      },
    );
  });

  describe(`${name}: read-only`, () => {
    it("reads what is there and changes no file", async () => {
      await closedWith({ a: "1", b: "2" });
      const before = listing(path);
      const engine = await module.openEngine(path, engineOptions("read-only"));
      expect(await all(engine)).toStrictEqual(["a=1", "b=2"]);
      expect(await many(engine, "a", "c")).toStrictEqual(["1", null]);
      expect(text(await engine.get(bytes("b")))).toBe("2");
      await engine.sync();
      expect(await engine.evidence()).toBeNull();
      await engine.close();
      expect(listing(path)).toStrictEqual(before);
    });

    it("refuses writes, as an engine's error", async () => {
      await closedWith({ a: "1" });
      const before = listing(path);
      const engine = await open("read-only");
      const error = await put(engine, { b: "2" }).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(SpoolEngineError);
      expect(error).toMatchObject({ kind: "other", path });
      expect(await all(engine)).toStrictEqual(["a=1"]);
      await engine.close();
      expect(listing(path)).toStrictEqual(before);
    });

    it("takes no lock: two at a time, and one to write beside them", async () => {
      await closedWith({ a: "1" });
      const readers = [await open("read-only"), await open("read-only")];
      const writer = await open("existing");
      await put(writer, { a: "2" });
      for (const reader of readers) expect(await all(reader)).toStrictEqual(["a=1"]);
    });
  });
}

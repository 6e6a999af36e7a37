import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Engine, EngineModule, EngineOptions } from "../../src/engine/engine.ts";
import { all, bytes, many, put, text } from "../engine-calls.ts";
import { engineOptions } from "../engine-options.ts";
import { listing, temporaryDirectory } from "../temporary-directory.ts";

/** Conformance suite: how every `Engine` opens, closes, opens again and serves read-only. */
export function engineLifecycleConformance(name: string, module: EngineModule): void {
  let path: string;

  beforeEach(() => {
    path = join(temporaryDirectory(), "shard");
  });

  async function open(mode: EngineOptions["mode"]): Promise<Engine> {
    const engine = await module.openEngine(path, engineOptions(mode));
    onTestFinished(() => engine.close());
    return engine;
  }

  /** Creates a shard with these entries and closes it. */
  async function closedWith(entries: Readonly<Record<string, string>>): Promise<void> {
    const engine = await module.openEngine(path, engineOptions("create"));
    await put(engine, entries);
    await engine.sync();
    await engine.close();
  }

  describe(`${name}: life cycle`, () => {
    it("what was synced is there after each later open", async () => {
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

    it("flush and compact change no entry", async () => {
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

    it("the files of an open shard, if the engine has any, give evidence of its MANIFEST", async () => {
      const engine = await open("create");
      await put(engine, { a: "1" });
      await engine.sync();
      if (engine.files === null) return;
      const evidence = await engine.files.evidence();
      expect(evidence.manifest.bytes).toBeGreaterThan(0);
      expect(readdirSync(path)).toContain(evidence.manifest.name);
    });

    it("an unknown property is 0", async () => {
      expect(await (await open("create")).property("no-such-thing")).toBe(0);
    });

    it("a second close has no effect", async () => {
      const engine = await open("create");
      await put(engine, { a: "1" });
      await engine.close();
      await engine.close();
      expect(await all(await open("existing"))).toStrictEqual(["a=1"]);
    });

    it.each(["existing", "read-only"] as const)(
      "opening a missing or empty directory as %s fails and creates nothing",
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
    it("reads all entries and changes no file", async () => {
      await closedWith({ a: "1", b: "2" });
      const before = listing(path);
      const engine = await module.openEngine(path, engineOptions("read-only"));
      expect(await all(engine)).toStrictEqual(["a=1", "b=2"]);
      expect(await many(engine, "a", "c")).toStrictEqual(["1", null]);
      expect(text(await engine.get(bytes("b")))).toBe("2");
      await engine.sync();
      expect(engine.files).toBeNull();
      await engine.close();
      expect(listing(path)).toStrictEqual(before);
    });

    it("rejects writes with a SpoolEngineError", async () => {
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

    it("takes no lock: two readers and a writer are open at the same time", async () => {
      await closedWith({ a: "1" });
      const readers = [await open("read-only"), await open("read-only")];
      const writer = await open("existing");
      await put(writer, { a: "2" });
      for (const reader of readers) expect(await all(reader)).toStrictEqual(["a=1"]);
    });
  });
}

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError } from "@rockspool/core";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Engine, EngineModule, EngineOptions } from "../../src/engine/engine.ts";
import { all, bytes, many, put } from "../engine-calls.ts";
import { engineOptions } from "../engine-options.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Conformance suite: how every `Engine` opens, closes and opens again. `keeps`: its entries outlive a close. */
export function engineLifecycleConformance(name: string, module: EngineModule, { keeps }: { keeps: boolean }): void {
  let path: string;

  beforeEach(() => {
    path = join(temporaryDirectory(), "shard");
  });

  async function open(mode: EngineOptions["mode"]): Promise<Engine> {
    const engine = await module.openEngine(path, engineOptions(mode));
    onTestFinished(() => engine.close());
    return engine;
  }

  describe(`${name}: life cycle`, () => {
    it.runIf(keeps)("what was written and closed is there after each later open", async () => {
      const engine = await module.openEngine(path, engineOptions("create"));
      await put(engine, { a: "1", b: "2" });
      await engine.close();
      for (let round = 0; round < 2; round++) {
        const again = await module.openEngine(path, engineOptions("existing"));
        expect(await all(again)).toStrictEqual(["a=1", "b=2"]);
        await again.close();
      }
    });

    it.runIf(keeps)("what was flushed is there too", async () => {
      const engine = await module.openEngine(path, engineOptions("create"));
      await put(engine, { a: "1" });
      await engine.flush();
      await engine.close();
      expect(await all(await open("existing"))).toStrictEqual(["a=1"]);
    });

    it.runIf(!keeps)("it is empty at each opening, however that is asked for", async () => {
      const engine = await module.openEngine(path, engineOptions("create"));
      await put(engine, { a: "1" });
      await engine.close();
      for (const mode of ["existing", "create"] as const) expect(await all(await open(mode))).toStrictEqual([]);
    });

    it("knows its directory, and misses no file", async () => {
      const engine = await open("create");
      await put(engine, { a: "1" });
      await engine.flush();
      expect([engine.path, await engine.missingFiles()]).toStrictEqual([path, []]);
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
    });

    it("an unknown property is 0", async () => {
      expect(await (await open("create")).property("no-such-thing")).toBe(0);
    });

    it("a second close has no effect", async () => {
      const engine = await open("create");
      await put(engine, { a: "1" });
      await engine.close();
      await engine.close();
    });

    it.runIf(keeps)("opening a missing or empty directory as existing fails and creates nothing", async () => {
      await expect(open("existing")).rejects.toBeInstanceOf(SpoolEngineError);
      await expect(open("existing")).rejects.toMatchObject({ kind: "io", path });
      expect(existsSync(path)).toBe(false);
      mkdirSync(path);
      for (let attempt = 0; attempt < 2; attempt++) {
        await expect(open("existing")).rejects.toMatchObject({ kind: "io", path });
        expect(readdirSync(path)).toStrictEqual([]);
      }
    });
  });
}

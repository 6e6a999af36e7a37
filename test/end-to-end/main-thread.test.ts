import { expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

it("the main thread loads no RocksDB and no compressor, and makes no file call for a message", async () => {
  const child = startChild(new URL("./children/main-thread.mjs", import.meta.url), [await temporaryDirectory()]);
  const read = async (word: string): Promise<unknown> => JSON.parse((await child.line(word)).slice(word.length));
  expect(await read("spool ")).toEqual({ modules: 0, work: [], calls: [] });
  // The same eyes on what is forbidden: they do see it.
  expect(await read("control ")).toEqual({
    modules: expect.any(Number),
    work: expect.arrayContaining(["FSREQPROMISE", "ZLIB"]),
    calls: expect.arrayContaining(["statSync"]),
  });
  expect(await read("control ")).not.toMatchObject({ modules: 0 });
  expect(await child.exit, child.stderr).toEqual({ code: 0, signal: null });
});

import { readFile, writeFile } from "node:fs/promises";
import { openSpool } from "rockspool";
import { describe, expect, it } from "vitest";
import { rockspool } from "../../test/rockspool.ts";
import { useFolder } from "../../test/use-folder.ts";

const path = useFolder();

const DATA = [Buffer.alloc(0), Buffer.from("From me\nno end"), Buffer.alloc(70_000, 200), Buffer.from([0, 1, 2, 255])];

async function fill(): Promise<void> {
  const spool = await openSpool({ path: path("a"), shards: 2 });
  for (const data of DATA) await spool.store(spool.newId(), data);
  await spool.shutdown();
}

async function contentOf(name: string): Promise<[string, string][]> {
  const spool = await openSpool({ path: path(name) });
  try {
    const found: [string, string][] = [];
    for await (const entry of spool.enumerate())
      found.push([String(entry.id), entry.kind === "item" ? Buffer.from(entry.data).toString("hex") : "corrupt"]);
    return found.sort();
  } finally {
    await spool.shutdown();
  }
}

describe("a stream between spools", () => {
  it("keeps every byte and id, as a file and through a pipe, and can be imported twice", async () => {
    await fill();
    const content = await contentOf("a");
    expect((await rockspool(["export", path("a"), path("all.rockspool")])).code).toBe(0);
    const piped = await rockspool(["export", path("a"), "-", "--format", "stream"]);
    expect(piped.code).toBe(0);
    expect(piped.stdout.byteLength).toBe((await readFile(path("all.rockspool"))).byteLength);
    for (const round of ["first", "again"]) {
      const { code, stderr } = await rockspool(["import", path("b"), path("all.rockspool"), "--shards", "3"]);
      expect([round, code, stderr]).toEqual([round, 0, expect.stringContaining("4 messages stored")]);
      expect(await contentOf("b")).toEqual(content);
    }
    expect((await rockspool(["import", path("c"), "-", "--format", "stream"], piped.stdout)).code).toBe(0);
    expect(await contentOf("c")).toEqual(content);
  });

  it("that is cut is imported up to the cut and fails; importing all of it completes the spool", async () => {
    await fill();
    const whole = (await rockspool(["export", path("a"), "-", "--format", "stream"])).stdout;
    await writeFile(path("cut.rockspool"), whole.subarray(0, whole.byteLength - 1));
    const { code, stderr } = await rockspool(["import", path("b"), path("cut.rockspool")]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/cut\.rockspool: it is cut.*\n.*4 messages stored.*1 failed/),
    ]);
    await writeFile(path("whole.rockspool"), whole);
    expect((await rockspool(["import", path("b"), path("whole.rockspool")])).code).toBe(0);
    expect(await contentOf("b")).toEqual(await contentOf("a"));
  });
});

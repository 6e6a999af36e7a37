import { readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  awaitShardLines,
  DATA,
  idOn,
  type Line,
  type ObservedSpool,
  openObserved,
  shardLines,
} from "../../test/observed-spool.ts";

const SHARD = 0;

async function openWithout(ending: RegExp): Promise<{ observed: ObservedSpool; name: string; path: string }> {
  const observed = await openObserved({ engine: "rocksdb" });
  const path = observed.shardPath(SHARD);
  await observed.spool.store(idOn(SHARD), DATA, { forceSync: true });
  const name = (await readdir(path)).findLast((file) => ending.test(file)) ?? expect.fail(`no ${ending} in ${path}`);
  observed.lines.length = 0;
  await rm(join(path, name));
  // In the first tick the thread finds the missing file; the monitor sees its error counted in that tick or the next.
  // The thread skips a tick while the one before is in progress: then the next one finds the file.
  const isLogged = (): boolean => shardLines(observed.lines, SHARD).length >= 2;
  do await observed.faults.clock.advance("5 seconds");
  while (!(await vi.waitUntil(isLogged, 2_000).catch(() => false)));
  await observed.faults.clock.advance("5 seconds");
  await awaitShardLines(observed.lines, SHARD, 3);
  return { observed, name, path };
}

describe("the log of a file that is removed under an open shard", () => {
  it("names the file, the latch, and that the file is restored", async () => {
    const { observed, name, path } = await openWithout(/^\d+\.log$/);
    const lines = shardLines(observed.lines, SHARD);
    const fields = { shard: SHARD, path };
    expect(lines).toHaveLength(3);
    expect(lines).toEqual(
      expect.arrayContaining([
        {
          level: "error",
          fields: { ...fields, kind: "io" },
          message: expect.stringContaining(`${name} is missing or damaged`),
        },
        { level: "warn", fields: { ...fields, missing: [name], left: [] }, message: expect.stringContaining(name) },
        expect.objectContaining({ level: "error", fields: { ...fields, kind: "foreground", from: 0, to: 1 } }),
      ]),
    );
    await observed.faults.clock.advance("10 seconds");
    expect(shardLines(observed.lines, SHARD)).toHaveLength(3);
  });

  it("has an error line for a file that cannot be restored while the shard is open", async () => {
    const { observed, name, path } = await openWithout(/^MANIFEST-\d+$/);
    const end = `${name} cannot be restored while the shard is open`;
    const found = (): Line[] => shardLines(observed.lines, SHARD).filter(({ fields }) => "missing" in fields);
    await vi.waitUntil(() => found().length > 0, 30_000);
    await observed.faults.clock.advance("10 seconds");
    expect(found()).toStrictEqual([
      {
        level: "error",
        fields: { shard: SHARD, path, missing: [name], left: [name] },
        message: `rocksdb at ${path}: ${name} was missing or damaged, and ${end}`,
      },
    ]);
    await observed.spool.unlatch(SHARD);
    const id = idOn(SHARD);
    expect(await observed.spool.store(id, DATA, { forceSync: true })).toBe("synced");
  });
});

describe("a spool that is removed while it is open", () => {
  it.each(["file by file", "as a whole"])("%s: closing restores nothing, and does not fail", async (how) => {
    const observed = await openObserved({ engine: "rocksdb" });
    const path = observed.shardPath(SHARD);
    await observed.spool.store(idOn(SHARD), DATA, { forceSync: true });
    const spool = dirname(path);
    if (how === "as a whole") {
      // The rename removes it in one step: the shard's thread may be writing its mark at the moment.
      await rename(spool, `${spool}.removed`);
      await rm(`${spool}.removed`, { recursive: true });
    } else {
      await rm(join(spool, "rockspool.json"));
      for (const name of await readdir(path)) if (name.endsWith(".log")) await rm(join(path, name));
    }
    await observed.spool.shutdown();
    const left = await readdir(path).catch(() => []);
    expect(left.filter((name) => name.endsWith(".log"))).toEqual([]);
  });
});

import { openSpool, SpoolId, SpoolLockedError } from "rockspool";
import { describe, expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

describe("a directory that is open", () => {
  it("cannot be opened again in the same process, and the first spool does not notice", async () => {
    const path = await temporaryDirectory();
    const spool = await openForTest(onRocksDB, { path, shards: 2 });
    const ids = Array.from({ length: 50 }, () => spool.newId());
    const stores = Promise.all(ids.map((id, i) => spool.store(id, payload(i, 500))));
    for (const again of [path, `${path}/`, `${path}/../${path.split("/").at(-1)}`]) {
      const error = await rejection<SpoolLockedError>(openSpool({ path: again }));
      expect(error).toBeInstanceOf(SpoolLockedError);
      expect(error.code).toBe("SPOOL_LOCKED");
    }
    await stores;
    for (const [i, id] of ids.entries()) expect(Buffer.compare(await spool.load(id), payload(i, 500))).toBe(0);
    expect(spool.health().every(({ state, latched }) => state === "open" && !latched)).toBe(true);
  });

  it("can be opened again as soon as it is closed", async () => {
    const path = await temporaryDirectory();
    for (let i = 0; i < 3; i++) await (await openForTest(onRocksDB, { path, shards: 2 })).shutdown();
  });

  it("belongs to exactly one of two that open it at once, new or not", async () => {
    const path = await temporaryDirectory();
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled([1, 2, 3].map(() => openSpool({ path, shards: 2 })));
      const opened = results.filter((result) => result.status === "fulfilled");
      for (const { value } of opened) await value.shutdown();
      expect(opened).toHaveLength(1);
      for (const result of results) {
        if (result.status === "rejected") expect(result.reason).toBeInstanceOf(SpoolLockedError);
      }
    }
  });

  it("by another process is locked until that process ends, however it ends", async () => {
    const path = await temporaryDirectory();
    const id = SpoolId.generate();
    const child = startChild(new URL("./children/hold-open.mjs", import.meta.url), [path, String(id)]);
    await child.line("open");
    expect(await rejection(openSpool({ path }))).toBeInstanceOf(SpoolLockedError);
    expect(child.ended).toBe(false);
    await child.kill();
    const spool = await openForTest(onRocksDB, { path });
    expect(Buffer.from(await spool.load(id)).toString()).toBe("held by a child");
  });

  it("by this process is locked for another one", async () => {
    const path = await temporaryDirectory();
    const spool = await openForTest(onRocksDB, { path, shards: 2 });
    const id = SpoolId.generate();
    const child = startChild(new URL("./children/hold-open.mjs", import.meta.url), [path, String(id)]);
    expect((await child.exit).code).toBe(1);
    expect(child.stderr).toContain("SPOOL_LOCKED");
    expect(await rejection(spool.load(id))).toMatchObject({ code: "SPOOL_NOT_FOUND" });
    await spool.store(id, payload(1, 10), { forceSync: true });
  });
});

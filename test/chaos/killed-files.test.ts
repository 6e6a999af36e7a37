import { readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { RecordingLogger } from "../support/recording-logger.ts";
import { shardPath } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { expectWhole, isLatched, MESSAGE_BYTES, SMALL_TABLES } from "./support/small-tables.ts";

describe.each([
  { what: "a table", ending: ".sst" },
  { what: "a log", ending: ".log" },
  { what: "CURRENT", ending: "CURRENT" },
  { what: "the MANIFEST", ending: "MANIFEST" },
  { what: "the shard's whole directory", ending: "" },
])("$what that is removed under an open spool", ({ ending }) => {
  it("is noticed, named, healed and proved, and nothing is missing after a restart", async () => {
    const path = await temporaryDirectory();
    const logger = new RecordingLogger();
    const spool = await openUnchecked(onRocksDB, { path, logger, ...SMALL_TABLES });
    const stored = new Map<string, number>();
    const store = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) {
        const id = SpoolId.generate();
        await spool.store(id, payload(i, MESSAGE_BYTES), { forceSync: true });
        stored.set(id.toString(), i);
      }
    };
    await store(0, 200);
    // From here on no table is in the making, not by a compaction either; what comes now is in the log alone.
    await spool.compact();
    await store(200, 210);
    const files = await readdir(shardPath(path, 0));
    const victim = join(
      shardPath(path, 0),
      ending === "" ? "" : (files.findLast((name) => name.includes(ending)) as string),
    );
    // A directory in one step: one that is half removed is written anew while the rest is being removed.
    await rename(victim, `${path}-removed`);
    await rm(`${path}-removed`, { recursive: true });
    await until("the missing file is noticed", () => isLatched(spool));
    expect(spool.health()[0]?.reason).toMatch(/^io: /);
    // Of a directory whichever file is missed first: the mark may just be on its way to the MANIFEST.
    expect(spool.health()[0]?.reason).toMatch(ending === "" ? /CURRENT|MANIFEST/ : basename(victim));
    await expectWhole(spool, stored);
    await until("the shard has proved that it works", () => !isLatched(spool));
    expect(logger.alarms.join("\n")).toContain(basename(victim));
    const late = SpoolId.generate();
    expect(await spool.store(late, payload(999, MESSAGE_BYTES), { forceSync: true })).toBe("synced");
    stored.set(late.toString(), 999);
    await expectWhole(spool, stored);
    await spool.shutdown();

    const again = await openUnchecked(onRocksDB, { path });
    expect(again.health()[0]).toMatchObject({ state: "open", latched: false });
    await expectWhole(again, stored);
  });
});

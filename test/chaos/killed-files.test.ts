import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type RocksSpool, SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { RecordingLogger } from "../support/recording-logger.ts";
import { shardPath } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";

/** Small tables and short waits, so that there is something to kill and time to heal. */
const OPTIONS = {
  shards: 1,
  monitorInterval: 20,
  params: { writeBufferSize: 256 * 1024, errorUnlatchDuration: 150, compressionType: "none" },
} as const;
const BYTES = 4000;

async function expectWhole(spool: RocksSpool, stored: ReadonlyMap<string, number>): Promise<void> {
  for (const [id, seed] of stored)
    expect(Buffer.from(await spool.load(id)).equals(payload(seed, BYTES)), id).toBe(true);
}

const latched = (spool: RocksSpool): boolean => spool.health()[0]?.latched === true;

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
    const spool = await openUnchecked(onRocksDB, { path, logger, ...OPTIONS });
    const stored = new Map<string, number>();
    for (let i = 0; i < 200; i++) {
      const id = SpoolId.generate();
      await spool.store(id, payload(i, BYTES), { forceSync: true });
      stored.set(id.toString(), i);
    }
    const files = await readdir(shardPath(path, 0));
    const victim = join(
      shardPath(path, 0),
      ending === "" ? "" : (files.findLast((name) => name.includes(ending)) as string),
    );
    await rm(victim, { recursive: true });
    await until("the missing file is noticed", () => latched(spool));
    expect(spool.health()[0]?.reason).toMatch(/^io: /);
    expect(spool.health()[0]?.reason).toContain(ending === "" ? "CURRENT" : basename(victim));
    await expectWhole(spool, stored);
    await until("the shard has proved that it works", () => !latched(spool));
    expect(logger.alarms.join("\n")).toContain(basename(victim));
    const late = SpoolId.generate();
    expect(await spool.store(late, payload(999, BYTES), { forceSync: true })).toBe("synced");
    stored.set(late.toString(), 999);
    await expectWhole(spool, stored);
    await spool.shutdown();

    const again = await openUnchecked(onRocksDB, { path });
    expect(again.health()[0]).toMatchObject({ state: "open", latched: false });
    await expectWhole(again, stored);
  });
});

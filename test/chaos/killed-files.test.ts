import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { entriesOf, nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { RecordingLogger } from "../support/recording-logger.ts";
import { indexPath, logPath, manifestFile, segmentFiles, shardFiles } from "../support/shard-files.ts";
import { onRocksDB, openForTest, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { expectWhole, isLatched, MESSAGE_BYTES, SMALL_TABLES } from "./support/small-tables.ts";

interface Target {
  readonly what: string;
  fileOf(spool: string): Promise<string> | string;
  /** What the gate's reason names, where that is not the file. */
  readonly named?: RegExp;
}

const targets: readonly Target[] = [
  { what: "a table", fileOf: async (spool) => (await shardFiles(spool, 0, ".sst")).at(-1) as string },
  { what: "CURRENT", fileOf: async (spool) => join(await indexPath(spool, 0), "CURRENT") },
  { what: "the MANIFEST", fileOf: (spool) => manifestFile(spool, 0) },
  { what: "the index's whole directory", fileOf: (spool) => indexPath(spool, 0), named: /CURRENT/ },
  { what: "the oldest segment", fileOf: async (spool) => (await segmentFiles(spool, 0))[0] as string },
  { what: "the newest segment", fileOf: async (spool) => (await segmentFiles(spool, 0)).at(-1) as string },
  { what: "the message log's whole directory", fileOf: (spool) => logPath(spool, 0), named: /0000000001\.seg/ },
];

describe.each(targets)("$what that is removed under an open spool", ({ fileOf, named }) => {
  it("is noticed, named, made anew and proved; every message loads before, during and after", async () => {
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
    // From here on no table is in the making, not by a compaction either.
    await spool.compact();
    await store(200, 210);
    const victim = await fileOf(path);
    await nextMillisecond();
    // A directory in one step: one that is half removed is written anew while the rest is being removed.
    await rename(victim, `${path}-removed`);
    await rm(`${path}-removed`, { recursive: true });
    const noticed = until(
      "the missing file is noticed",
      () => isLatched(spool) && spool.health()[0]?.history[0]?.reason,
    );
    let listed = 0;
    const listing = async (): Promise<void> => {
      // From before the file is noticed until the new index is served.
      do {
        const ids = (await entriesOf(spool)).map(({ id }) => String(id)).sort();
        expect(ids).toEqual([...stored.keys()].sort());
        listed++;
      } while (isLatched(spool));
    };
    const [reason] = await Promise.all([noticed, expectWhole(spool, stored), noticed.then(listing), listing()]);
    expect(listed).toBeGreaterThan(1);
    expect(reason).toMatch(/^io: /);
    expect(reason).toMatch(named ?? basename(victim));
    await until("the shard has proved that it works", () => !isLatched(spool));
    expect(logger.alarms.join("\n")).toMatch(named ?? basename(victim));
    const late = SpoolId.generate();
    expect(await spool.store(late, payload(999, MESSAGE_BYTES), { forceSync: true })).toBe("synced");
    stored.set(late.toString(), 999);
    await expectWhole(spool, stored);
    await spool.shutdown();

    const again = await openForTest(onRocksDB, { path });
    expect(again.health()[0]).toMatchObject({ state: "open", latched: false });
    await expectWhole(again, stored);
  });
});

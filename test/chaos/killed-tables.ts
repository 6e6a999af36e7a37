import { rm } from "node:fs/promises";
import { type SpoolError, SpoolId } from "rockspool";
import { expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { seededRandom } from "../support/random.mjs";
import { shardFiles } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { expectWhole, isLatched, MESSAGE_BYTES, SMALL_TABLES } from "./support/small-tables.ts";

/** Messages that are stored before a table is killed: an index has a table for about 600. */
const A_ROUND = 1000;
/** Messages that are loaded while the index is made anew. */
const CHECKED = 200;
const PAUSE_MS = 10;

export function describeKilledTables(rounds: number, timeoutMs: number): void {
  it("tables killed at random under load, again and again, lose no message", () => killTables(rounds), timeoutMs);
}

async function killTables(rounds: number): Promise<void> {
  const seed = Date.now() % 1_000_000;
  console.log(`tables killed at random: seed ${seed}`);
  const random = seededRandom(seed);
  const path = await temporaryDirectory();
  const spool = await openUnchecked(onRocksDB, { path, ...SMALL_TABLES });
  const stored = new Map<string, number>();
  let stopped = false;
  let next = 0;
  let fastUntil = A_ROUND;
  const writers = Array.from({ length: 8 }, async () => {
    while (!stopped) {
      // Fast, until the round has what it needs; then as slowly as the test can check.
      if (stored.size > fastUntil) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const id = SpoolId.generate();
      const number = next++;
      try {
        await spool.store(id, payload(number, MESSAGE_BYTES));
        stored.set(id.toString(), number);
      } catch (error) {
        // RocksDB refuses writes itself where what it was just making a table of was killed: the index's batch fails.
        const { code } = error as SpoolError;
        expect(error).toMatchObject(
          code === "SPOOL_ENGINE" ? { outcome: "unknown" } : { code: "SPOOL_UNHEALTHY", outcome: "not-written" },
        );
        await until("the shard takes writes", () => stopped || !isLatched(spool));
      }
    }
  });
  for (let round = 0; round < rounds; round++) {
    const before = stored.size;
    fastUntil = before + A_ROUND;
    await until("there are more messages", () => stored.size > before + A_ROUND);
    await until("a table was killed and is missed", async () => {
      const tables = await shardFiles(path, 0, ".sst");
      // One that a compaction has just done away with is nobody's loss: then another is tried.
      const victim = tables[Math.floor(random() * tables.length)];
      if (victim !== undefined) await rm(victim, { force: true });
      return until("it is missed", () => isLatched(spool), 200).catch(() => false);
    });
    // From the old index as long as the new one is made, then from the new one.
    await expectWhole(spool, new Map([...stored].filter(() => random() < CHECKED / stored.size)));
    await until("the shard has healed", () => !isLatched(spool));
  }
  stopped = true;
  await Promise.all(writers);
  await expectWhole(spool, stored);
  await spool.shutdown();
  const again = await openUnchecked(onRocksDB, { path });
  expect(again.health()[0]).toMatchObject({ state: "open", latched: false });
  await expectWhole(again, stored);
}

import type { RocksSpool } from "rockspool";
import { expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { shardOf } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const SHARDS = 4;
const BAD = 0;
const IN_FLIGHT = 512;
const ROUNDS = 9;
const ROUND_MS = 1500;
const DATA = payload(1, 1024);

/** Stores a second that the shards other than the bad one acknowledge, as an injector asks for them: with `newId()`. */
async function rateOfTheRest(spool: RocksSpool): Promise<number> {
  let stored = 0;
  const end = performance.now() + ROUND_MS;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() < end) {
        const id = spool.newId();
        await spool.store(id, DATA);
        if (shardOf(id, SHARDS) !== BAD) stored++;
      }
    }),
  );
  return (stored * 1000) / (performance.now() - began);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

it("with one of four shards bad the rest keep at least 90 % of their rate", async () => {
  const path = await temporaryDirectory();
  const spool = await openUnchecked(onRocksDB, { path, shards: SHARDS, params: { compressionType: "none" } });
  await rateOfTheRest(spool);
  const sound: number[] = [];
  const beside: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    sound.push(await rateOfTheRest(spool));
    await spool.latch(BAD, "bad");
    beside.push(await rateOfTheRest(spool));
    await spool.unlatch(BAD, { force: true });
  }
  const [before, after] = [median(sound), median(beside)];
  console.log(
    `the other three: ${before.toFixed(0)} stores/s while all are sound, ${after.toFixed(0)} beside a bad one`,
  );
  expect(after / before).toBeGreaterThan(0.9);
});

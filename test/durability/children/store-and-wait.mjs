// Fills a spool so that a test can take something away from it, then waits to be killed: no clean close tidies up.
// Each shard gets messages 0..COUNT-1 into tables, the next COUNT into the log; with "flush" into tables as well.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openFaultySpool } from "rockspool/testing";
import { COUNT, fill, SHARDS } from "./filling.mjs";

const [path, end] = process.argv.slice(2);
const { spool, faults } = await openFaultySpool({ path, shards: SHARDS, engine: "rocksdb", monitorInterval: "1s" });

await fill(spool, 0);
await tick(COUNT);
await spool.adviseLowMemory();
await fill(spool, COUNT);
await tick(2 * COUNT);
if (end === "flush") await spool.adviseLowMemory();
process.stdout.write("stored\n");

/**
 * Has what is written numbered, synced and marked. Each message is a batch.
 * @param {number} messages
 */
async function tick(messages) {
  await faults.clock.advance("1s");
  for (let shard = 0; shard < SHARDS; shard++) while (markedBatch(shard) < messages) await setTimeout(5);
}

/** @param {number} shard */
function markedBatch(shard) {
  const [line] = readFileSync(join(String(path), `shard-00${shard}.mark`), "utf8").split("\n");
  return Number(JSON.parse(String(line)).batch);
}

// Fills a spool so that a test can take something away from it, then waits to be killed: no clean close tidies up.
// Each shard gets messages 0..COUNT-1 into its first segment, the next COUNT into its second. Where the index holds the
// places of the newer ones when the process dies: with "log" in a memtable, with "flush" in a table.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openFaultySpool } from "rockspool/testing";
import { COUNT, fill, SEGMENT_BYTES, SHARDS } from "./filling.mjs";

const [path, end] = process.argv.slice(2);
const { spool, faults } = await openFaultySpool({
  path,
  shards: SHARDS,
  engine: "rocksdb",
  monitorInterval: "1s",
  params: { segmentSize: SEGMENT_BYTES, compressionType: "none" },
});

await fill(spool, 0);
await tick(COUNT);
await spool.adviseLowMemory();
await fill(spool, COUNT);
await tick(2 * COUNT);
if (end === "flush") await spool.adviseLowMemory();
process.stdout.write("stored\n");

/**
 * Has what is written synced and marked. Each message is a block.
 * @param {number} messages
 */
async function tick(messages) {
  await faults.clock.advance("1s");
  for (let shard = 0; shard < SHARDS; shard++) while (markedBlock(shard) < messages) await setTimeout(5);
}

/** @param {number} shard */
function markedBlock(shard) {
  const [line] = readFileSync(join(String(path), `shard-00${shard}.mark`), "utf8").split("\n");
  return Number(JSON.parse(String(line)).synced);
}

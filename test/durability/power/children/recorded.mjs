// Leads a spool through its life, in segments so small that the log rolls and is cleaned all the time, and notes beside
// it how far it is, as `PlanRunner` says. It ends without a shutdown. Prints what was refused on the way as JSON.
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openSpool } from "rockspool";
import { shardThreads } from "rockspool/testing";
import { SMALL } from "../../children/plan.mjs";
import { PlanRunner } from "../../children/plan-runner.mjs";

const [root, seedText, countText, monitorInterval] = process.argv.slice(2);
const count = Number(countText);
const notes = openSync(join(root, "notes"), "a");
const options = {
  path: join(root, "spool"),
  shards: 2,
  monitorInterval,
  params: { segmentSize: 64 * 1024, writeBufferSize: 64 * 1024, errorLatchDuration: "1 hour" },
};
const runner = new PlanRunner({
  seed: Number(seedText),
  from: 0,
  plan: SMALL,
  inFlight: 32,
  print: (line) => writeSync(notes, `${line}\n`),
});
const open = (spool) => spool.health().every(({ state, latched }) => state === "open" && !latched);

let spool = await openSpool(options);
await runner.runAll(spool, count);
await spool.adviseLowMemory();
await runner.runAll(spool, count);
const compacted = spool.compact();
await runner.runAll(spool, count);
await compacted;

const enough = runner.acknowledged + count / 4;
await runner.run(spool, () => runner.acknowledged >= enough);
await shardThreads(spool)[0].terminate();
await runner.settled();
while (!open(spool)) await new Promise((resolve) => setTimeout(resolve, 5));

await runner.runAll(spool, count);
await spool.shutdown();
spool = await openSpool(options);
await runner.runAll(spool, count);
const { refusals } = runner;
process.stdout.write(`refused ${JSON.stringify([...new Set(refusals.map((text) => text.split(" ")[0]))])}\n`, () =>
  process.exit(0),
);

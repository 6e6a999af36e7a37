// Leads a spool through a short life in which one call of the file system fails, and prints how far it is, as
// `PlanRunner` says, then "lived" and how it went as JSON. Ends as a program would that has had enough.
import { openSpool } from "rockspool";
import { FAULTY } from "../../children/plan.mjs";
import { PlanRunner } from "../../children/plan-runner.mjs";

const [path, seedText] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${line}\n`);
const errors = [];
const attempt = (what, work) => work.catch((error) => errors.push(`${what}: ${error.message}`));

const runner = new PlanRunner({ seed: Number(seedText), from: 0, plan: FAULTY, inFlight: 16, print });
const params = { segmentSize: 64 * 1024, writeBufferSize: 64 * 1024, storeDeadline: "10s" };
let restarts = 0;
for (let life = 1; life <= 2; life++) {
  const spool = await openSpool({ path, shards: 1, monitorInterval: "10ms", params }).catch((error) => {
    errors.push(`open: ${error.message}`);
    return null;
  });
  if (spool === null) continue;
  await runner.runAll(spool, 48);
  await attempt("flush", spool.adviseLowMemory());
  await runner.runAll(spool, 48);
  await attempt("compact", spool.compact());
  await runner.runAll(spool, 16);
  restarts += spool.health()[0].restarts;
  await attempt("shutdown", spool.shutdown());
}
print(`lived ${JSON.stringify({ errors, refusals: [...new Set(runner.refusals)], restarts })}`);

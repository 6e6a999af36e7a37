// Works on its plan as fast as the spool takes it, and prints "open", then how far it is, as `PlanRunner` says.
// Without an end it goes on until it is killed.
import { openSpool } from "rockspool";
import { FULL_SPEED } from "./plan.mjs";
import { PlanRunner } from "./plan-runner.mjs";

const [path, seedText, fromText, end = "killed", acknowledgementsText = "Infinity"] = process.argv.slice(2);
const acknowledgementsBeforeEnd = Number(acknowledgementsText);

/** Writes to a pipe are synchronous: what is printed is out. */
const print = (line) => process.stdout.write(`${line}\n`);

// So small that the log rolls and is cleaned, and the index flushed, many times a second.
const params = { segmentSize: 1024 * 1024, writeBufferSize: 64 * 1024 };
const spool = await openSpool({ path, shards: 2, monitorInterval: "20ms", params });
print("open");
const runner = new PlanRunner({ seed: Number(seedText), from: Number(fromText), plan: FULL_SPEED, print });
await runner.run(spool, () => {
  if (runner.refusals.length > 0) throw new Error(runner.refusals[0]);
  return runner.acknowledged >= acknowledgementsBeforeEnd;
});

if (end === "exit") process.exit(0);
if (end === "throw") {
  setImmediate(() => {
    throw new Error("the process ends here");
  });
}

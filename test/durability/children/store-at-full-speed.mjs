// Works on its plan as fast as the spool takes it, and prints how far it is:
//   open          the spool is open
//   called <k>    operations before k may have been called (printed before they are)
//   done <k><s|w> …   operations that were acknowledged, and what they had reached
// Without an end it goes on until it is killed.
import { openSpool, SpoolId } from "rockspool";
import { messageIdBytes } from "../../support/message-id.mjs";
import { payload } from "../../support/payload.mjs";
import { operationAt } from "./plan.mjs";

const [path, seedText, fromText, end = "killed", acknowledgementsText = "Infinity"] = process.argv.slice(2);
const seed = Number(seedText);
const acknowledgementsBeforeEnd = Number(acknowledgementsText);
const IN_FLIGHT = 256;
const CALLS_AT_ONCE = 32;

const spool = await openSpool({ path, shards: 2, monitorInterval: "20ms", params: { writeBufferSize: 1024 * 1024 } });
process.stdout.write("open\n");

let next = Number(fromText);
let inFlight = 0;
let acknowledged = 0;
let done = [];
let wake = () => {};

async function run(k) {
  const { index, remove, sync, size } = operationAt(seed, k);
  const id = SpoolId.fromBytes(messageIdBytes(seed, index));
  const reached = remove ? await spool.remove(id) : await spool.store(id, payload(k, size), { forceSync: sync });
  if (sync && !remove && reached !== "synced") throw new Error(`a synced store resolved to ${reached}`);
  done.push(`${k}${reached === "synced" ? "s" : "w"}`);
  acknowledged++;
  inFlight--;
  if (inFlight <= IN_FLIGHT - CALLS_AT_ONCE) wake();
}

/** Writes to a pipe are synchronous: what is printed is out. */
function print() {
  if (done.length > 0) process.stdout.write(`done ${done.join(" ")}\n`);
  done = [];
}

while (acknowledged < acknowledgementsBeforeEnd) {
  print();
  process.stdout.write(`called ${next + CALLS_AT_ONCE}\n`);
  for (let i = 0; i < CALLS_AT_ONCE; i++) {
    inFlight++;
    run(next++);
  }
  if (inFlight > IN_FLIGHT - CALLS_AT_ONCE) {
    await new Promise((resolve) => {
      wake = resolve;
    });
  }
}

print();
if (end === "exit") process.exit(0);
if (end === "throw") {
  setImmediate(() => {
    throw new Error("the process ends here");
  });
}

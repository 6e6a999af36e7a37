// Stores with the smallest segments there are, each message twice, so that segments come and go all the time; prints
// what went wrong as JSON.
import { openSpool } from "rockspool";
import { payload } from "../../support/payload.mjs";

const [path, messagesText, syncEveryText] = process.argv.slice(2);
const messages = Number(messagesText);
const syncEvery = Number(syncEveryText);
const IN_FLIGHT = 256;

const params = { segmentSize: 64 * 1024, writeBufferSize: 64 * 1024 };
const spool = await openSpool({ path, shards: 2, monitorInterval: "10ms", params });
const ids = Array.from({ length: messages }, () => spool.newId());
const messageOf = (i) => payload(2 * i, 1000 + (i % 10) * 1000);
const errors = new Set();
const acknowledged = [];

let next = 0;
await Promise.all(
  Array.from({ length: IN_FLIGHT }, async () => {
    for (let i = next++; i < messages && errors.size === 0; i = next++) {
      const forceSync = i % syncEvery === 0;
      try {
        // Replaced at once: half of the log is there to be cleaned.
        await spool.store(ids[i], messageOf(i + 1));
        const reached = await spool.store(ids[i], messageOf(i), { forceSync });
        acknowledged.push(i);
        if (forceSync && reached !== "synced") errors.add(`a synced store resolved to ${reached}`);
      } catch (error) {
        errors.add(`${error.code} ${error.message}`);
      }
    }
  }),
);
for (const { reason } of spool.health()) if (reason !== null) errors.add(reason);

const loads = await Promise.allSettled(acknowledged.map((i) => spool.load(ids[i])));
const whole = loads.filter(({ value }, at) => value && Buffer.compare(value, messageOf(acknowledged[at])) === 0);
await spool.shutdown();
process.stdout.write(`result ${JSON.stringify({ errors: [...errors], lost: acknowledged.length - whole.length })}\n`);

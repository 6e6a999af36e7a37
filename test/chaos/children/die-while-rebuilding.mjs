// Opens a spool of one shard, deletes the tables of its index, and kills itself while a new index is made. Arguments:
// path, journal.
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openSpool, SpoolId } from "rockspool";
import { messageIdBytes } from "../../support/message-id.mjs";
import { payload } from "../../support/payload.mjs";

const [path, journal] = process.argv.slice(2);
const COUNT = 8_000;
const MAX_MS = 25;

const spool = await openSpool({ path, shards: 1, monitorInterval: 10 });
if (statSync(journal).size === 0) {
  const lines = await Promise.all(
    Array.from({ length: COUNT }, async (_, number) => {
      const id = SpoolId.fromBytes(messageIdBytes(0, number));
      await spool.store(id, payload(number, 20 + (number % 50)));
      if (number % 7 !== 0) return `s${number}`;
      await spool.remove(id);
      return `r${number}`;
    }),
  );
  appendFileSync(journal, lines.map((line) => `${line}\n`).join(""));
}
await spool.adviseLowMemory();
const [mark] = readFileSync(join(path, "shard-000.mark"), "utf8").split("\n");
const { index } = JSON.parse(mark);
for (const name of readdirSync(join(path, index))) if (name.endsWith(".sst")) rmSync(join(path, index, name));

const another = () => readdirSync(path).some((name) => name.startsWith("shard-000-index-") && name !== index);
while (!another()) await new Promise((resolve) => setImmediate(resolve));
writeSync(1, "in the middle\n");
setTimeout(() => process.kill(process.pid, "SIGKILL"), Math.random() * MAX_MS);

// Stores and removes in a spool of one shard with small segments, and kills itself when the first segments have been
// cleaned away. Arguments: path, journal.
import { appendFileSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openSpool, SpoolId } from "rockspool";
import { messageIdBytes } from "../../support/message-id.mjs";
import { payload } from "../../support/payload.mjs";

const [path, journal] = process.argv.slice(2);
const BYTES = 1000;
const KEPT = 150;
const LANES = 16;
const MAX_MS = 30;

const spool = await openSpool({
  path,
  shards: 1,
  monitorInterval: 10,
  params: { segmentSize: 64 * 1024, compressionType: "none" },
});
const idOf = (number) => SpoolId.fromBytes(messageIdBytes(0, number));
/** In the page cache before the next call: a SIGKILL leaves it there. */
const note = (letter, number) => appendFileSync(journal, `${letter}${number}\n`);

const fates = new Map();
for (const line of readFileSync(journal, "utf8").split("\n"))
  if (line !== "") fates.set(Number(line.slice(1)), line[0]);
const kept = [...fates].filter(([, fate]) => fate === "s").map(([number]) => number);
/** Numbers that a killed process may have stored, and not written down, are not used again. */
let next = Math.max(-1, ...fates.keys()) + 1 + LANES;

for (let lane = 0; lane < LANES; lane++) {
  void (async () => {
    for (;;) {
      const number = next++;
      await spool.store(idOf(number), payload(number, BYTES), { forceSync: number % 10 === 0 });
      note("s", number);
      kept.push(number);
      if (kept.length <= KEPT) continue;
      // Mostly the newest: old ones have to be moved.
      const [victim] = kept.splice(Math.floor(kept.length * Math.random() ** 0.3), 1);
      note("b", victim);
      await spool.remove(idOf(victim));
      note("r", victim);
    }
  })();
}

const oldest = () => readdirSync(join(path, "shard-000-messages")).sort()[0] ?? "";
const first = oldest();
while (oldest() === first) await new Promise((resolve) => setTimeout(resolve, 1));
writeSync(1, "in the middle\n");
setTimeout(() => process.kill(process.pid, "SIGKILL"), Math.random() * MAX_MS);

// Stores messages that nobody syncs until the log has rolled into a second segment, then one that is synced. Prints the
// ids and waits to be killed.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openSpool } from "rockspool";
import { payload } from "../../../support/payload.mjs";

const [path] = process.argv.slice(2);
const params = { segmentSize: 64 * 1024 };
const spool = await openSpool({ path, shards: 1, monitorInterval: "1 hour", params });
const segments = () => readdirSync(join(path, "shard-000-messages")).length;

const written = [];
while (segments() < 2) {
  const id = spool.newId();
  await spool.store(id, payload(2 * written.length, 3000));
  written.push(String(id));
}
const synced = spool.newId();
const reached = await spool.store(synced, payload(1, 1000), { forceSync: true });
process.stdout.write(`stored ${JSON.stringify({ written, synced: String(synced), reached })}\n`);
setInterval(() => {}, 1000);

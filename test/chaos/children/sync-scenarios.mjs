// Stores while its syncs are held back, then while they fail; prints what came of it as JSON.
import { BroadcastChannel } from "node:worker_threads";
import { openSpool } from "rockspool";

const [path, scenario] = process.argv.slice(2);
// No monitor tick: it syncs too, and would be the one that fails.
const spool = await openSpool({ path, shards: 1, monitorInterval: "1 hour" });
const commands = new BroadcastChannel("sync-commands");
const calls = new BroadcastChannel("sync-calls");
const heard = [];
calls.onmessage = ({ data }) => heard.push(data);

async function heardOf(text) {
  while (!heard.includes(text)) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function command(text) {
  commands.postMessage(text);
  await heardOf(`now ${text}`);
}

const told = (promise) =>
  promise.then(
    (reached) => reached,
    ({ code, kind, outcome }) => [code, kind, outcome].filter(Boolean).join(" "),
  );
const ids = Array.from({ length: 5 }, () => spool.newId());
const data = Buffer.from("a message");
const result = {};

if (scenario === "hold") {
  await command("hold");
  let settled = false;
  const synced = told(spool.store(ids[0], data, { forceSync: true }));
  synced.then(() => {
    settled = true;
  });
  await heardOf("hold");
  // Others go on meanwhile, and can see what waits for the disk.
  result.written = await told(spool.store(ids[1], data));
  result.visible = Buffer.from(await spool.load(ids[0])).toString();
  result.settledWhileHeld = settled;
  await command("pass");
  result.synced = await synced;
}

if (scenario === "fail") {
  result.before = await told(spool.store(ids[0], data, { forceSync: true }));
  await command("fail");
  result.failed = await Promise.all([
    told(spool.store(ids[1], data, { forceSync: true })),
    told(spool.store(ids[2], data, { forceSync: true })),
  ]);
  result.latched = spool.health()[0].latched;
  await command("pass");
  const syncs = heard.filter((one) => !one.startsWith("now")).length;
  result.afterwards = await told(spool.store(ids[3], data, { forceSync: true }));
  result.removed = await told(spool.remove(ids[0]));
  result.loads = Buffer.from(await spool.load(ids[0])).toString();
  result.retried = heard.filter((one) => !one.startsWith("now")).length - syncs;
}

await spool.shutdown().catch(() => {});
commands.close();
calls.close();
process.stdout.write(`result ${JSON.stringify(result)}\n`);

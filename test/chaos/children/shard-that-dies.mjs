// Stores while the thread of shard 0 ends itself, and prints what came of it as one line of JSON.

import { BroadcastChannel } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { openSpool, SpoolId } from "rockspool";
import { shardThreads } from "rockspool/testing";

const [path, way] = process.argv.slice(2);
const SHARDS = 2;
const STORES = 400;
const DEADLINE_MS = 20_000;

const spool = await openSpool({ path, shards: SHARDS });
const channel = new BroadcastChannel("die-inside");
const data = new Uint8Array(2000).fill(7);

function idOnShard(shard) {
  for (;;) {
    const id = SpoolId.generate();
    if (crc32(id.toBytes()) % SHARDS === shard) return id;
  }
}

const ids = Array.from({ length: STORES }, (_, i) => idOnShard(i % SHARDS));
const stores = ids.map((id) => spool.store(id, data));
channel.postMessage({ threadId: shardThreads(spool)[0].threadId, way });
const results = await Promise.allSettled(stores);

const end = Date.now() + DEADLINE_MS;
while (spool.health()[0].restarts === 0 || spool.health()[0].state !== "open") {
  if (Date.now() > end) throw new Error(`not served again: ${JSON.stringify(spool.health()[0])}`);
  await new Promise((resolve) => setTimeout(resolve, 5));
}

const lies = [];
for (const [i, { status, reason }] of results.entries()) {
  const found = await spool.load(ids[i]).then(
    (bytes) => bytes.length === data.length && bytes.every((byte) => byte === 7),
    (error) => (error.code === "SPOOL_NOT_FOUND" ? null : error.code),
  );
  const told = status === "fulfilled" ? "acknowledged" : `${reason.code} ${reason.outcome}`;
  const allowed = {
    acknowledged: [true],
    "SPOOL_SHARD_LOST unknown": [true, null],
    "SPOOL_SHARD_LOST not-written": [null],
  };
  if (i % SHARDS !== 0 && told !== "acknowledged") lies.push(`a neighbour's store: ${told}`);
  if (!allowed[told]?.includes(found)) lies.push(`${told}, and it is ${found}`);
}
const reached = await spool.store(idOnShard(0), data, { forceSync: true });
channel.close();
await spool.shutdown();
process.stdout.write(`result ${JSON.stringify({ lies, reached, restarts: spool.health()[0].restarts })}\n`);

// Fills a spool so that a test can take something away from it, then waits to be killed: no clean close tidies up.
// Each shard gets messages 0..COUNT-1 into tables, the next COUNT into the log; with "flush" into tables as well.
import { openSpool, SpoolId } from "rockspool";
import { payload } from "../../support/payload.mjs";
import { BYTES, COUNT, idsOfShard, SHARDS } from "./filling.mjs";

const [path, end] = process.argv.slice(2);
const spool = await openSpool({ path, shards: SHARDS, monitorInterval: "20ms" });

async function fill(from) {
  for (let shard = 0; shard < SHARDS; shard++) {
    const ids = idsOfShard(shard);
    // One after the other: as many batches as messages.
    for (let i = from; i < from + COUNT; i++) {
      await spool.store(SpoolId.fromBytes(ids[i]), payload(i, BYTES), { forceSync: true });
    }
  }
}

await fill(0);
await spool.adviseLowMemory();
await fill(COUNT);
if (end === "flush") await spool.adviseLowMemory();
process.stdout.write("stored\n");

// Fills a spool so that a test can take something away from it, then waits to be killed: no clean close tidies up.
// Each shard gets messages 0..COUNT-1 into tables, the next COUNT into the log; with "flush" into tables as well.
import { openSpool } from "rockspool";
import { COUNT, fill, SHARDS } from "./filling.mjs";

const [path, end] = process.argv.slice(2);
const spool = await openSpool({ path, shards: SHARDS, monitorInterval: "20ms" });

await fill(spool, 0);
await spool.adviseLowMemory();
await fill(spool, COUNT);
if (end === "flush") await spool.adviseLowMemory();
process.stdout.write("stored\n");

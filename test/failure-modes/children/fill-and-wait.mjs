// Stores the messages in two openings, then waits to be killed: no clean close tidies up. Argument: path.
import { openSpool } from "rockspool";
import { COUNT, fill, SHARDS } from "../../durability/children/filling.mjs";

const [path] = process.argv.slice(2);
const open = () => openSpool({ path: String(path), shards: SHARDS, monitorInterval: 20 });

const first = await open();
await fill(first, 0);
await first.shutdown();
await fill(await open(), COUNT);
process.stdout.write("filled\n");

// Has a spool open, with a message in it, until it is killed.
import { openSpool, SpoolId } from "rockspool";

const [path, id] = process.argv.slice(2);
const spool = await openSpool({ path, shards: 2 });
await spool.store(SpoolId.parse(id), Buffer.from("held by a child"));
process.stdout.write("open\n");

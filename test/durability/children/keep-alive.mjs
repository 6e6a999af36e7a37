// An open spool keeps the process alive: the timer does not, so it runs only if the spool does. After shutdown nothing
// is left.
import { openSpool } from "rockspool";

const spool = await openSpool({ path: process.argv[2], shards: 2 });
setTimeout(async () => {
  process.stdout.write("still alive\n");
  await spool.shutdown();
  process.stdout.write("closed\n");
}, 300).unref();

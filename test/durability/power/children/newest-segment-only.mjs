// Loaded first in each thread: of the segments only the newest is synced.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname } from "node:path";
import { isMainThread } from "node:worker_threads";

if (!isMainThread) {
  const { fdatasync } = fs;
  fs.fdatasync = (descriptor, done) => {
    const path = fs.readlinkSync(`/proc/self/fd/${descriptor}`);
    const segments = fs.readdirSync(dirname(path)).filter((name) => name.endsWith(".seg"));
    if (basename(path) === segments.sort().at(-1)) fdatasync(descriptor, done);
    else setImmediate(done, null);
  };
  syncBuiltinESMExports();
}

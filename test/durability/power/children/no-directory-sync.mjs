// Loaded first in each thread: the sync of a segment's name is left out.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

if (!isMainThread) {
  fs.fsync = (_descriptor, done) => setImmediate(done, null);
  syncBuiltinESMExports();
}

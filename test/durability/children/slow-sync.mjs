// Loaded first in each thread: makes every fdatasync of a shard's thread wait, as a busy disk does. What may not happen
// while a sync is in flight has time enough to happen.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

const SYNC_MS = 15;

if (!isMainThread) {
  const { fdatasync } = fs;
  fs.fdatasync = (descriptor, done) => {
    setTimeout(() => fdatasync(descriptor, done), SYNC_MS);
  };
  syncBuiltinESMExports();
}

#!/usr/bin/env node
// CommonJS: libuv reads UV_THREADPOOL_SIZE when its pool is first used, and loading an ES module already uses the pool.
// 28 = 4 (libuv's default, for files and DNS) + 3 (a batch, a multi-get, a sync of the log) for each of up to 8 shards.
process.env.UV_THREADPOOL_SIZE ??= "28";

import("../dist/main.js").catch((error) => {
  process.stderr.write(`rockspool: ${error.message}\n`);
  process.exitCode = 1;
});

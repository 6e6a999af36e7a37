#!/usr/bin/env node
// CommonJS, because libuv reads UV_THREADPOOL_SIZE when its pool is first used and an ES module's own loading uses it already.
// 28 = 4 (Node's own default, for files and DNS) + 3 (one write, one read, one WAL sync) for each of up to 8 shards.
process.env.UV_THREADPOOL_SIZE ??= "28";

import("../dist/main.js").catch((error) => {
  process.stderr.write(`rockspool: ${error.message}\n`);
  process.exitCode = 1;
});

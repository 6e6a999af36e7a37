// Uses a spool and prints what the main thread did for it: the native modules it loaded, the kinds of asynchronous work
// it started, the synchronous file calls it made. Then does each of these things itself, to show that they would have
// been seen.
import { createHook } from "node:async_hooks";
import fs from "node:fs";
import Module, { createRequire, syncBuiltinESMExports } from "node:module";
import zlib from "node:zlib";
import { openSpool } from "rockspool";

const SUSPECT_MODULES = /[\\/](rocksdb-native|snappy|@napi-rs|lz4-napi|lz4-napi-[^\\/]+)[\\/]/;
const SUSPECT_WORK = /^(FSREQ|FILEHANDLE|ZLIB)/;

const path = process.argv[2];
const work = new Set();
const calls = new Set();
let watching = false;

for (const name of Object.keys(fs)) {
  const original = fs[name];
  if (!name.endsWith("Sync") || typeof original !== "function") continue;
  fs[name] = (...args) => {
    if (watching) calls.add(name);
    return original(...args);
  };
}
syncBuiltinESMExports();
createHook({
  init(_id, type) {
    if (watching && SUSPECT_WORK.test(type)) work.add(type);
  },
}).enable();

const modules = () => Object.keys(Module._cache).filter((name) => SUSPECT_MODULES.test(name)).length;
const report = () => ({ modules: modules(), work: [...work].sort(), calls: [...calls].sort() });

// No monitor tick in the hot path: it looks at free space.
const spool = await openSpool({ path, shards: 2, monitorInterval: "1 hour" });
const message = Buffer.from("compressible, and large enough to be worth it. ".repeat(400));
const ids = Array.from({ length: 500 }, () => spool.newId());
await spool.store(ids[0], message);

watching = true;
await Promise.all(ids.map((id, i) => spool.store(id, message, { forceSync: i % 2 === 0 })));
await Promise.all(ids.map((id) => spool.load(id)));
for await (const _entry of spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) }));
await Promise.all(ids.map((id) => spool.remove(id)));
await spool.compact();
watching = false;
process.stdout.write(`spool ${JSON.stringify(report())}\n`);
await spool.shutdown();

watching = true;
await fs.promises.stat(path);
fs.statSync(path);
await new Promise((resolve) => zlib.deflate(message, resolve));
const worker = createRequire(createRequire(import.meta.url).resolve("@rockspool/worker/package.json"));
worker("rocksdb-native");
watching = false;
process.stdout.write(`control ${JSON.stringify(report())}\n`);

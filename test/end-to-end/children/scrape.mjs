// Prints what a spool that has done some work tells Prometheus. Argument: the spool's directory.
import { Registry } from "prom-client";
import { openSpool } from "rockspool";

const registry = new Registry();
const spool = await openSpool({ path: process.argv[2] ?? "", shards: 2, registry });
const id = spool.newId();
await spool.store(id, new Uint8Array(1000), { forceSync: true });
await spool.load(id);
await spool.remove(id);
process.stdout.write(await registry.metrics());
await spool.shutdown();

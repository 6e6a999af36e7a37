/** What the main thread needs of a shard's thread: where its code is, and what to say to it. Imports no engine. */
export * from "./checked-file.ts";
export type { FaultEngineData } from "./fault-engine.ts";
export * from "./fault-memory.ts";
export type * from "./maintenance-protocol.ts";
export type * from "./protocol.ts";
export type { RawDamage, RawEntry } from "./raw/raw-entry.ts";
export { readRawEntries } from "./raw/read-raw-entries.ts";

/** What piscina runs, one task a shard: the module, and the name of its export. */
export const serveShardTask = { url: new URL("./serve-shard.js", import.meta.url), name: "serveShard" } as const;

/** The same for what looks after a shard that no spool has open. */
export const maintainShardTasks = {
  url: new URL("./maintain-shard.js", import.meta.url),
  names: { read: "sendShard", acceptLoss: "acceptLoss" },
} as const;

/** The modules that keep shards. */
export const engineUrls = {
  rocksdb: new URL("./rocksdb-engine.js", import.meta.url),
  memory: new URL("./memory-engine.js", import.meta.url),
  /** Over one of the others: see `FaultEngineData`. */
  fault: new URL("./fault-engine.js", import.meta.url),
} as const;

/** What the main thread needs of a shard's thread: where its code is, and what to say to it. Imports no engine. */
export * from "./checked-file.ts";
export type { FaultEngineData } from "./fault-engine.ts";
export * from "./fault-memory.ts";
export type * from "./maintenance-protocol.ts";
export { holdNativeCalls, shareNativeCalls } from "./native-calls.ts";
export type * from "./protocol.ts";
export type { RawDamage, RawEntry } from "./raw/raw-entry.ts";
export { readRawEntries } from "./raw/read-raw-entries.ts";

/** What piscina runs in a thread: the module, and the names of its exports. */
export const threadTasks = {
  url: new URL("../thread.cjs", import.meta.url),
  names: { serve: "serveShard", read: "sendShard", acceptLoss: "acceptLoss" },
} as const;

/** The modules that keep shards. */
export const engineUrls = {
  rocksdb: new URL("./rocksdb-engine.js", import.meta.url),
  memory: new URL("./memory-engine.js", import.meta.url),
  /** Over one of the others: see `FaultEngineData`. */
  fault: new URL("./fault-engine.js", import.meta.url),
} as const;

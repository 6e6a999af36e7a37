/** What the main thread needs of a shard's thread: where its code is, and what to say to it. Imports no engine. */

export type { FaultEngineData } from "./engine/fault-engine.ts";
export * from "./engine/fault-memory.ts";
export type * from "./protocol/maintenance-protocol.ts";
export type * from "./protocol/protocol.ts";
export type { RawDamage, RawEntry } from "./raw/raw-entry.ts";
export { readRawEntries } from "./raw/read-raw-entries.ts";
export * from "./recovery/checked-file.ts";
export { holdNativeCalls, shareNativeCalls } from "./rocksdb/native-calls.ts";

/** What piscina runs in a thread: the module, and the names of its exports. */
export const threadTasks = {
  url: new URL("../thread.cjs", import.meta.url),
  names: { serve: "serveShard", read: "sendShard", acceptLoss: "acceptLoss" },
} as const;

/** The modules that keep shards. */
export const engineUrls = {
  rocksdb: new URL("./rocksdb/rocksdb-engine.js", import.meta.url),
  memory: new URL("./engine/memory-engine.js", import.meta.url),
  /** Over one of the others: see `FaultEngineData`. */
  fault: new URL("./engine/fault-engine.js", import.meta.url),
} as const;

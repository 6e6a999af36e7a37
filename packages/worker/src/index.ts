/**
 * What the main thread needs: the code of the shards' threads as URLs, and the protocol with them. Imports no engine.
 */

export type { FaultEngineData } from "./engine/fault-engine.ts";
export * from "./engine/fault-memory.ts";
export * from "./files/checked-file.ts";
export { CreditReceiver } from "./protocol/credit-stream.ts";
export type * from "./protocol/maintenance-protocol.ts";
export type * from "./protocol/protocol.ts";
export { holdNativeCalls, shareNativeCalls } from "./rocksdb/native-calls.ts";

/** The module that piscina runs on a thread, and the names of its exported tasks. */
export const threadTasks = {
  url: new URL("../thread.cjs", import.meta.url),
  names: { serve: "serveShard", read: "sendShard", acceptLoss: "acceptLoss" },
} as const;

/** The engines' modules. */
export const engineUrls = {
  rocksdb: new URL("./rocksdb/rocksdb-engine.js", import.meta.url),
  memory: new URL("./engine/memory-engine.js", import.meta.url),
  /** Wraps one of the others: see `FaultEngineData`. */
  fault: new URL("./engine/fault-engine.js", import.meta.url),
} as const;

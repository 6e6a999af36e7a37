import type { OperationOptions, Spool, SpoolId } from "rockspool";
import { payload } from "./payload.mjs";

export interface Operation {
  readonly name: string;
  /** A write's rejection says what became of it. */
  readonly writes: boolean;
  run(spool: Spool, id: SpoolId, options?: OperationOptions): Promise<unknown>;
}

/** What `store` stores below. */
export const STORED = payload(7, 1000);

/** Every operation of a spool that can fail, as something to try in each state of its life. */
export const operations: readonly Operation[] = [
  { name: "store", writes: true, run: (spool, id, options) => spool.store(id, STORED, options) },
  {
    name: "a synced store",
    writes: true,
    run: (spool, id, options) => spool.store(id, STORED, { ...options, forceSync: true }),
  },
  { name: "load", writes: false, run: (spool, id, options) => spool.load(id, options) },
  { name: "remove", writes: true, run: (spool, id, options) => spool.remove(id, options) },
  {
    name: "enumerate",
    writes: false,
    run: async (spool, _id, options) => {
      let count = 0;
      for await (const _entry of spool.enumerate(options)) count++;
      return count;
    },
  },
  { name: "compact", writes: false, run: (spool, _id, options) => spool.compact(options) },
  { name: "adviseLowMemory", writes: false, run: (spool, _id, options) => spool.adviseLowMemory(options) },
  { name: "cleanup", writes: false, run: (spool, _id, options) => spool.cleanup(options) },
];

import type { PeerName } from "../peers/peer-names.ts";

/** The ids of the series, which goals, charts and the plan use. */
export const ids = {
  store: (peer: PeerName, inFlight: number) => `${peer}: store, ${inFlight} in flight`,
  synced: (peer: PeerName, inFlight: number) => `${peer}: synced store, ${inFlight} in flight`,
  steady: "rockspool: store, open loop at half of the full rate",
  smallBuffers: "rockspool: store, 2048 in flight, 4 MiB write buffers",
  load: (peer: PeerName) => `${peer}: load, 512 in flight`,
  recent: (peer: PeerName) => `${peer}: load of recent messages, 512 in flight`,
  enumerate: (peer: PeerName) => `${peer}: enumeration`,
  remove: (peer: PeerName) => `${peer}: remove, 512 in flight`,
  lifeCycle: (peer: PeerName) => `${peer}: store, load, remove, 512 in flight`,
  churn: "rockspool: store, remove, 512 in flight",
  open: (messages: number) => `rockspool: open with ${messages} messages`,
  sized: (what: string) => `rockspool: store of ${what}, 512 in flight`,
  sharded: (shards: number, synced: boolean) =>
    `rockspool: ${synced ? "synced " : ""}store, ${plural(shards, "shard")}, 2048 in flight`,
  fillRandom: (batch: number, threads: number) =>
    `db_bench: fillrandom, ${batch} a write, ${plural(threads, "thread")}`,
  fillSync: "db_bench: fillsync, 64 threads",
  multiRead: (threads: number) => `db_bench: multireadrandom, 64 a read, ${plural(threads, "thread")}`,
  readSeq: (threads: number) => `db_bench: readseq, ${plural(threads, "thread")}`,
} as const;

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Operations in flight in the closed loop. */
export const IN_FLIGHT = [1, 64, 512, 2048] as const;
/** Threads of db_bench that write. */
export const DB_BENCH_THREADS = [1, 4, 8] as const;

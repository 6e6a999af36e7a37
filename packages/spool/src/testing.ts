/** For tests of programs that embed a spool: see docs/testing.md. */
export type { Fault } from "./testing/active-fault.ts";
export type { Faults, SpoolClock, SpoolDisk } from "./testing/faults.ts";
export { type FaultySpool, type FaultySpoolOptions, openFaultySpool } from "./testing/open-faulty-spool.ts";
export { openMemorySpool } from "./testing/open-memory-spool.ts";
export type { CallFault, EngineCall, ErrorFault, ShardFaults } from "./testing/shard-faults.ts";
export { shardThreads } from "./testing/shard-threads.ts";

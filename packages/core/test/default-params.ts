import type { ResolvedParams } from "../src/options/params.ts";

/** The 21 defaults of KumoMTA's `RocksSpoolParams`, and the two of rockspool alone. */
export const DEFAULT_PARAMS: ResolvedParams = {
  increaseParallelism: null,
  optimizeLevelStyleCompaction: null,
  optimizeUniversalStyleCompaction: null,
  paranoidChecks: false,
  compressionType: "snappy",
  compactionReadaheadSize: null,
  levelCompactionDynamicLevelBytes: false,
  maxOpenFiles: null,
  writeBufferSize: null,
  level0StopWritesTrigger: null,
  logLevel: "info",
  memtableHugePageSize: null,
  logFileTimeToRoll: 86_400_000,
  obsoleteFilesPeriod: 21_600_000,
  limitConcurrentStores: null,
  limitConcurrentLoads: null,
  limitConcurrentRemoves: null,
  storeDeadline: 30_000,
  errorLatchDuration: 15_000,
  errorUnlatchDuration: 300_000,
  allowErrorUnlatch: true,
  compressionMinBytes: 4_096,
  segmentSize: 134_217_728,
};

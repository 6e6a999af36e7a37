import type { LogLevel, Sample, ShardStatus } from "@rockspool/core";

/** The RocksDB property of each field, as `get_memory_usage_stats` and `metrics_monitor` in rocks.rs read them. */
const PROPERTIES: Readonly<Record<keyof Sample, string>> = {
  memTableTotal: "size-all-mem-tables",
  memTableUnflushed: "cur-size-all-mem-tables",
  memTableReadersTotal: "estimate-table-readers-mem",
  cacheTotal: "block-cache-usage",
  backgroundErrors: "background-errors",
  writeStopped: "is-write-stopped",
  numRunningCompactions: "num-running-compactions",
  compactionPending: "compaction-pending",
  estimatePendingCompactionBytes: "estimate-pending-compaction-bytes",
  actualDelayedWriteRate: "actual-delayed-write-rate",
};

interface RocksProperties {
  property(name: string): Promise<number>;
}

/**
 * Reads RocksDB's properties. A failed read does not mean that the shard is broken, so it is only logged, as in
 * KumoMTA.
 */
export class Sampler {
  readonly #engine: RocksProperties;
  readonly #fields: { readonly shard: number; readonly path: string };
  readonly #log: (level: LogLevel, fields: object, message: string) => void;

  constructor(
    engine: RocksProperties,
    fields: { readonly shard: number; readonly path: string },
    log: (level: LogLevel, fields: object, message: string) => void,
  ) {
    this.#engine = engine;
    this.#fields = fields;
    this.#log = log;
  }

  /** Reads all properties into the status block. A failure leaves the last sample. */
  async sample(status: ShardStatus): Promise<void> {
    try {
      status.writeSample(await this.#read());
    } catch (error) {
      this.failed("getting stats", error as Error);
    }
  }

  /** Bytes that `adviseLowMemory` can release (`Stats::total` in rocks.rs); 0 if they cannot be read. */
  async memoryBytes(when: "pre-flush" | "post-flush"): Promise<number> {
    try {
      const { memTableTotal, memTableUnflushed, memTableReadersTotal, cacheTotal } = await this.#read();
      const stats = { memTableTotal, memTableUnflushed, memTableReadersTotal, cacheTotal };
      const bytes = memTableTotal + memTableReadersTotal + cacheTotal;
      const { path } = this.#fields;
      this.#log("debug", { ...this.#fields, ...stats }, `rocksdb at ${path}: ${when}: ${bytes} bytes in memory`);
      return bytes;
    } catch (error) {
      this.failed("getting stats", error as Error);
      return 0;
    }
  }

  /** Logs a failure. */
  failed(doing: string, error: Error): void {
    const { path } = this.#fields;
    this.#log("error", { ...this.#fields, err: error }, `rocksdb at ${path}: error ${doing}: ${error.message}`);
  }

  async #read(): Promise<Sample> {
    const sample = {} as Sample;
    for (const field of Object.keys(PROPERTIES) as (keyof Sample)[])
      sample[field] = await this.#engine.property(PROPERTIES[field]);
    return sample;
  }
}

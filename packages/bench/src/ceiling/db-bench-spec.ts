/** One run of C++ `db_bench`. `benchmark` is its name in db_bench. */
export interface DbBenchSpec {
  readonly benchmark: "fillrandom" | "fillsync" | "multireadrandom" | "readseq" | "filluniquerandom";
  readonly threads: number;
  /** Puts per write, or gets per multi-get. */
  readonly batch: number;
  readonly seconds: number;
  /** For reads: messages in the database. For writes: the number of different keys. */
  readonly messages: number;
  readonly valueBytes: number;
}

/** As large as the caches of the two shards that it is compared with: 32 MiB each. */
const CACHE_BYTES = 2 * 32 * 1024 * 1024;

/**
 * The options of rocksdb-native, and so of each shard of rockspool (docs/parameters.md, "What RocksDB runs with"), as
 * far as db_bench has a flag for them. The contents of its values do not matter: nothing is compressed.
 */
const SAME_AS_ROCKSPOOL = {
  compression_type: "none",
  key_size: 16,
  write_buffer_size: 64 * 1024 * 1024,
  max_write_buffer_number: 3,
  max_background_jobs: 6,
  open_files: -1,
  level0_file_num_compaction_trigger: 4,
  level0_slowdown_writes_trigger: 20,
  level0_stop_writes_trigger: 36,
  level_compaction_dynamic_level_bytes: true,
  target_file_size_base: 64 * 1024 * 1024,
  max_bytes_for_level_base: 256 * 1024 * 1024,
  bytes_per_sync: 1024 * 1024,
  block_size: 8192,
  bloom_bits: 10,
  cache_size: CACHE_BYTES,
  cache_index_and_filter_blocks: true,
  // As rocksdb-native's reads do.
  multiread_batched: true,
} as const;

/** Operations between two reports of progress, which take time: no run has as many. */
const NO_PROGRESS = 1_000_000_000;

/** Operations between two readings of the clock. A thread of `fillsync` does few of them. */
const OPERATIONS_BETWEEN_CHECKS = { fillsync: 10, usual: 1000 } as const;

/** The command line. A write makes its database; a read needs one that `filluniquerandom` has made. */
export function dbBenchArgs(spec: DbBenchSpec, directory: string): string[] {
  const { benchmark, threads, batch, seconds, messages, valueBytes } = spec;
  const makesFixture = benchmark === "filluniquerandom";
  const reads = benchmark === "multireadrandom" || benchmark === "readseq";
  const flags = {
    ...SAME_AS_ROCKSPOOL,
    db: directory,
    // A fixture is compacted, as those of the peers are. A read runs twice: the first run warms up.
    benchmarks: makesFixture ? "filluniquerandom,compact" : reads ? `${benchmark},${benchmark}` : benchmark,
    threads,
    batch_size: batch,
    num: messages,
    value_size: valueBytes,
    // These process all messages, however long that takes.
    duration: makesFixture || benchmark === "readseq" ? 0 : seconds,
    use_existing_db: reads,
    stats_interval: NO_PROGRESS,
    ops_between_duration_checks: OPERATIONS_BETWEEN_CHECKS[benchmark === "fillsync" ? "fillsync" : "usual"],
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

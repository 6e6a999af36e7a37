/** One run of C++ `db_bench`. `benchmark` names what is timed, as db_bench calls it. */
export interface DbBenchSpec {
  readonly benchmark: "fillrandom" | "fillsync" | "multireadrandom" | "readseq" | "filluniquerandom";
  readonly threads: number;
  /** Puts a write, or gets a multi-get. */
  readonly batch: number;
  readonly seconds: number;
  /** Messages of the database that is there; for what writes, keys to draw from. */
  readonly messages: number;
  readonly valueBytes: number;
}

/** Each of the two shards that are measured beside it has a cache of 32 MiB. */
const CACHE_BYTES = 2 * 32 * 1024 * 1024;

/**
 * What rocksdb-native, and so each shard of rockspool, runs with (docs/parameters.md, "What RocksDB runs with"), where db_bench has the
 * flag. Its values are random to the degree that RocksDB, without compression, does not look at.
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

/** Its own reports of progress cost time: none within a run. */
const NO_PROGRESS = 1_000_000_000;

/** The clock is looked at each time so many operations are done: a thread of `fillsync` does few. */
const OPERATIONS_BETWEEN_CHECKS = { fillsync: 10, usual: 1000 } as const;

/** The command line. A database is made for what writes; what reads needs one that `filluniquerandom` has made. */
export function dbBenchArgs(spec: DbBenchSpec, directory: string): string[] {
  const { benchmark, threads, batch, seconds, messages, valueBytes } = spec;
  const makesFixture = benchmark === "filluniquerandom";
  const reads = benchmark === "multireadrandom" || benchmark === "readseq";
  const flags = {
    ...SAME_AS_ROCKSPOOL,
    db: directory,
    // A fixture is brought into its final shape, as those of the peers are; what reads is warmed up by a first run.
    benchmarks: makesFixture ? "filluniquerandom,compact" : reads ? `${benchmark},${benchmark}` : benchmark,
    threads,
    batch_size: batch,
    num: messages,
    value_size: valueBytes,
    // Reading all of it once is not a matter of time.
    duration: makesFixture || benchmark === "readseq" ? 0 : seconds,
    use_existing_db: reads,
    stats_interval: NO_PROGRESS,
    ops_between_duration_checks: OPERATIONS_BETWEEN_CHECKS[benchmark === "fillsync" ? "fillsync" : "usual"],
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

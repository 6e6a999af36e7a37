import type { Engine } from "../engine/engine.ts";

/**
 * Asks before each batch whether RocksDB would stall on it: rocksdb-native has no `no_slowdown`, and a write that stalls blocks
 * one of libuv's threads for as long (252 ms seen). A batch that is refused was not tried, like the seed's `Incomplete`.
 */

/** RocksDB slows writers down from here on, and `no_slowdown` refuses those that it would slow down. */
const LEVEL0_SLOWDOWN_TRIGGER = 20;

/**
 * RocksDB's `max_write_buffer_number`: with all but one of them waiting for their flush, the next switch stops all writes. The seed
 * has 2; a table's sync takes longer than its memtable fills. With 4 MiB buffers p99.9 was 45 ms instead of 84 (medians of 5 runs).
 */
export const MAX_MEMTABLES = 3;

/** rocksdb-native's own default. */
const DEFAULT_WRITE_BUFFER_BYTES = 64 * 1024 * 1024;

export interface AdmissionLimits {
  /** Null: RocksDB's own. */
  readonly level0StopWritesTrigger: number | null;
  /** Null: RocksDB's own. */
  readonly writeBufferSize: number | null;
}

export class Admission {
  readonly #engine: Engine;
  readonly #level0Trigger: number;
  readonly #writeBufferBytes: number;
  // What decides changes only with the super version (1.5 µs to ask, against 8 for all figures), except how full the memtable is.
  #superVersion = -1;
  #stopped = false;
  #memtablesWait = false;

  constructor(engine: Engine, limits: AdmissionLimits) {
    this.#engine = engine;
    this.#level0Trigger = Math.min(limits.level0StopWritesTrigger ?? LEVEL0_SLOWDOWN_TRIGGER, LEVEL0_SLOWDOWN_TRIGGER);
    this.#writeBufferBytes = limits.writeBufferSize ?? DEFAULT_WRITE_BUFFER_BYTES;
  }

  /** True where a batch of so many bytes would wait for a flush or a compaction. */
  async wouldStall(batchBytes: number): Promise<boolean> {
    const superVersion = await this.#engine.figure("current-super-version-number");
    if (superVersion !== this.#superVersion) {
      this.#superVersion = superVersion;
      this.#stopped =
        (await this.#engine.figure("is-write-stopped")) > 0 ||
        (await this.#engine.figure("actual-delayed-write-rate")) > 0 ||
        (await this.#engine.figure("num-files-at-level0")) >= this.#level0Trigger;
      this.#memtablesWait = (await this.#engine.figure("num-immutable-mem-table")) >= MAX_MEMTABLES - 1;
    }
    if (this.#stopped) return true;
    if (!this.#memtablesWait) return false;
    // The switch that this batch would cause.
    const active = await this.#engine.figure("cur-size-active-mem-table");
    return active + batchBytes >= this.#writeBufferBytes;
  }
}

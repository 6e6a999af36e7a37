import { MAX_MEMTABLES } from "../engine/engine-options.ts";

/**
 * RocksDB slows writes down from this many files in level 0, and `no_slowdown` refuses writes that would be slowed
 * down.
 */
const LEVEL0_SLOWDOWN_TRIGGER = 20;

/** rocksdb-native's default. */
const DEFAULT_WRITE_BUFFER_BYTES = 64 * 1024 * 1024;

interface RocksProperties {
  property(name: string): Promise<number>;
}

export interface StallLimits {
  /** Null: RocksDB's own. */
  readonly level0StopWritesTrigger: number | null;
  /** Null: RocksDB's own. */
  readonly writeBufferSize: number | null;
}

/**
 * Asks RocksDB before each batch whether the write would stall: rocksdb-native has no `no_slowdown`, and a stalled
 * write blocks a thread of libuv's pool for as long (252 ms seen). A batch that would stall is not tried, as after
 * KumoMTA's `Incomplete`.
 */
export class StallCheck {
  readonly #engine: RocksProperties;
  readonly #level0Trigger: number;
  readonly #writeBufferBytes: number;
  // These change only with the super version, which takes 1.5 µs to ask; all the properties take 8. Only the memtable's
  // fill level changes in between.
  #superVersion = -1;
  #stopped = false;
  #memtablesWait = false;

  constructor(engine: RocksProperties, limits: StallLimits) {
    this.#engine = engine;
    this.#level0Trigger = Math.min(limits.level0StopWritesTrigger ?? LEVEL0_SLOWDOWN_TRIGGER, LEVEL0_SLOWDOWN_TRIGGER);
    this.#writeBufferBytes = limits.writeBufferSize ?? DEFAULT_WRITE_BUFFER_BYTES;
  }

  /** True if a batch of this size would wait for a flush or a compaction. */
  async wouldStall(batchBytes: number): Promise<boolean> {
    const superVersion = await this.#engine.property("current-super-version-number");
    if (superVersion !== this.#superVersion) {
      this.#superVersion = superVersion;
      this.#stopped =
        (await this.#engine.property("is-write-stopped")) > 0 ||
        (await this.#engine.property("actual-delayed-write-rate")) > 0 ||
        (await this.#engine.property("num-files-at-level0")) >= this.#level0Trigger;
      this.#memtablesWait = (await this.#engine.property("num-immutable-mem-table")) >= MAX_MEMTABLES - 1;
    }
    if (this.#stopped) return true;
    if (!this.#memtablesWait) return false;
    // A batch that fills the active memtable switches memtables, and no other is free.
    const active = await this.#engine.property("cur-size-active-mem-table");
    return active + batchBytes >= this.#writeBufferBytes;
  }
}

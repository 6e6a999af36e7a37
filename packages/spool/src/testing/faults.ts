import { type Duration, parseDuration } from "@rockspool/core/options";
import { FaultMemory } from "@rockspool/worker";
import { type Environment, realEnvironment } from "../environment.ts";
import type { Monitor } from "../monitor/monitor.ts";
import type { RocksSpool } from "../spool.ts";
import { ShardFaults } from "./shard-faults.ts";

/** The monitor's clock. Its time passes by itself, but it ticks only in `advance`. */
export interface SpoolClock {
  /**
   * Moves the clock forward in steps of `monitorInterval`, with a tick after each step: first of every shard's thread,
   * then of the monitor. Waits for a proof that the tick starts, unless a fault of that shard may stall it.
   */
  advance(duration: Duration): Promise<void>;
}

/** The file system of the spool, as the check of `minFreeSpace` sees it. */
export interface SpoolDisk {
  /** From now on no byte is free. */
  fill(): Promise<void>;
  /** From now on the real free space counts. */
  free(): Promise<void>;
}

/** The faults of one spool. */
export class Faults {
  readonly clock: SpoolClock;
  readonly disk: SpoolDisk;
  readonly #shards: ShardFaults[];
  readonly #intervalMs: number;
  #spool: RocksSpool | null = null;
  #offsetMs = 0;
  #full = false;

  constructor(memory: SharedArrayBuffer, shards: number, intervalMs: number) {
    const spool = (): RocksSpool => this.#opened();
    this.#shards = Array.from({ length: shards }, (_, i) => new ShardFaults(i, new FaultMemory(memory, i), spool));
    this.#intervalMs = intervalMs;
    this.clock = { advance: (duration) => this.#advance(duration) };
    this.disk = { fill: () => this.#setFull(true), free: () => this.#setFull(false) };
  }

  /** The faults of one shard, by its index. */
  shard(index: number): ShardFaults {
    const shard = this.#shards[index];
    if (shard === undefined) throw new RangeError(`there is no shard ${index}`);
    return shard;
  }

  /** Releases all faults of all shards, and frees the disk. */
  async release(): Promise<void> {
    for (const shard of this.#shards) shard.release();
    if (this.#full) await this.#setFull(false);
  }

  /** @internal */
  readonly environment: Pick<Environment, "now" | "statfs"> = {
    now: () => Date.now() + this.#offsetMs,
    statfs: async (path) => {
      const real = await realEnvironment.statfs(path);
      return this.#full ? { ...real, bavail: 0 } : real;
    },
  };

  /** @internal */
  opened(spool: RocksSpool): void {
    this.#spool = spool;
  }

  async #advance(duration: Duration): Promise<void> {
    const ms = parseDuration(duration);
    if (ms === null) throw new RangeError(`${duration} is not a duration such as "2 minutes"`);
    for (let left = ms; left > 0; left -= this.#intervalMs) {
      this.#offsetMs += Math.min(left, this.#intervalMs);
      await this.#tick(this.#opened().monitor);
    }
  }

  async #tick(monitor: Monitor): Promise<void> {
    const all = [...monitor.shards.entries()];
    await Promise.all(all.map(([i, shard]) => (this.shard(i).hangs ? null : shard.tickThread())));
    await monitor.tick();
    await Promise.all(all.map(([i, { proving }]) => (this.shard(i).mayStall ? null : proving)));
  }

  async #setFull(full: boolean): Promise<void> {
    this.#full = full;
    await this.#opened().monitor.checkStorage();
  }

  #opened(): RocksSpool {
    if (this.#spool === null) throw new Error("the spool is not open yet");
    return this.#spool;
  }
}

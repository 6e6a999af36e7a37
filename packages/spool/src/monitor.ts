import { type Logger, type ResolvedOptions, SpoolConfigError } from "@rockspool/core";
import type { ShardClient } from "./shard-client.ts";
import { ShardMonitor } from "./shard-monitor.ts";
import { StorageGuard } from "./storage-guard.ts";

/** The main thread's tick: each shard's health, and the storage. Reads shared memory, and asks the file system how full it is. */
export class Monitor {
  readonly shards: readonly ShardMonitor[];
  readonly storage: StorageGuard;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;

  constructor(shards: readonly ShardClient[], options: ResolvedOptions, log: Logger) {
    this.shards = shards.map((shard) => new ShardMonitor(shard, options.params, log));
    this.storage = new StorageGuard(options.path, options.minFreeSpace, options.minFreeInodes);
    this.#log = log;
    this.#timer = setInterval(() => this.#tick(), options.monitorInterval);
  }

  /** Throws a `SpoolConfigError` where there is no such shard. */
  shard(index: number): ShardMonitor {
    const shard = this.shards[index];
    if (shard === undefined) {
      throw new SpoolConfigError("shard", index, `the shards are 0 to ${this.shards.length - 1}`);
    }
    return shard;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects: a file system that does not say how full it is leaves what it said last. */
  async checkStorage(): Promise<void> {
    try {
      await this.storage.check();
    } catch (error) {
      this.#log.warn({ err: error }, `how full the spool's storage is cannot be told: ${(error as Error).message}`);
    }
  }

  #tick(): void {
    for (const shard of this.shards) shard.tick();
    void this.checkStorage();
  }
}

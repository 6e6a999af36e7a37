import { FULL_REASON, type Logger, type ResolvedOptions, SpoolConfigError } from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";
import { ShardMonitor } from "./shard-monitor.ts";
import type { StorageGuard } from "./storage-guard.ts";

/** The main thread's tick: each shard's health, and the storage. Reads shared memory, and asks the file system how full it is. */
export class Monitor {
  readonly shards: readonly ShardMonitor[];
  readonly storage: StorageGuard;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  /** One at a time: a file system that hangs holds one thread of libuv's pool, not one more with each tick. */
  #checking: Promise<void> | null = null;
  /** The file system did not say how full it is, and the log has said so. */
  #untold = false;

  constructor(
    shards: readonly ShardClient[],
    storage: StorageGuard,
    options: ResolvedOptions,
    log: Logger,
    now: () => number,
  ) {
    this.shards = shards.map((shard) => new ShardMonitor(shard, options.params, log, now));
    this.storage = storage;
    this.#log = log;
    this.#timer = setInterval(() => void this.tick(), options.monitorInterval);
  }

  /** Throws a `SpoolConfigError` where there is no such shard. */
  shard(index: number): ShardMonitor {
    const shard = this.shards[index];
    if (shard === undefined) {
      throw new SpoolConfigError("shard", index, `the shards are 0 to ${this.shards.length - 1}`);
    }
    return shard;
  }

  /** Resolves when the storage has been looked at. Never rejects. */
  tick(): Promise<void> {
    for (const shard of this.shards) shard.tick();
    return this.checkStorage();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects: a file system that does not say how full it is leaves what it said last. */
  checkStorage(): Promise<void> {
    this.#checking ??= this.#checkStorage().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /** The log says what has changed, once. */
  async #checkStorage(): Promise<void> {
    const { path, full } = this.storage;
    try {
      await this.storage.check();
      this.#untold = false;
    } catch (error) {
      if (!this.#untold) {
        this.#log.warn(
          { path, err: error },
          `how full the spool's storage is cannot be told: ${(error as Error).message}`,
        );
      }
      this.#untold = true;
    }
    if (this.storage.full === full) return;
    const { freeBytes, freeInodes } = this.storage;
    const fields = { path, freeBytes, freeInodes };
    if (full) this.#log.info(fields, "the spool storage has room again: stores are accepted");
    else this.#log.error(fields, `${FULL_REASON}: stores are refused`);
  }
}

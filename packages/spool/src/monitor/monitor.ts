import { FULL_REASON, type Logger, type ResolvedOptions, SpoolConfigError } from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";
import { ShardMonitor } from "./shard-monitor.ts";
import type { StorageGuard } from "./storage-guard.ts";

/**
 * The monitor's tick on the main thread: checks each shard's health in shared memory, and the free space of the file
 * system.
 */
export class Monitor {
  readonly shards: readonly ShardMonitor[];
  readonly storage: StorageGuard;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  /** One check at a time: a file system that hangs blocks one thread of libuv's pool, not one more at each tick. */
  #checking: Promise<void> | null = null;
  /** Whether the log has reported that `statfs` fails. */
  #statfsFailureLogged = false;

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

  /** Throws a `SpoolConfigError` if there is no such shard. */
  shard(index: number): ShardMonitor {
    const shard = this.shards[index];
    if (shard === undefined) {
      throw new SpoolConfigError("shard", index, `the shards are 0 to ${this.shards.length - 1}`);
    }
    return shard;
  }

  /** Resolves when the storage has been checked. Never rejects. */
  tick(): Promise<void> {
    for (const shard of this.shards) shard.tick();
    return this.checkStorage();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects: if `statfs` fails, the result of the last check stays. */
  checkStorage(): Promise<void> {
    this.#checking ??= this.#checkStorage().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /** Logs each change once. */
  async #checkStorage(): Promise<void> {
    const { path, full } = this.storage;
    try {
      await this.storage.check();
      this.#statfsFailureLogged = false;
    } catch (error) {
      if (!this.#statfsFailureLogged) {
        this.#log.warn(
          { path, err: error },
          `the free space of the spool's storage cannot be read: ${(error as Error).message}`,
        );
      }
      this.#statfsFailureLogged = true;
    }
    if (this.storage.full === full) return;
    const { freeBytes, freeInodes } = this.storage;
    const fields = { path, freeBytes, freeInodes };
    if (full) this.#log.info(fields, "the spool storage has room again: stores are accepted");
    else this.#log.error(fields, `${FULL_REASON}: stores are refused`);
  }
}

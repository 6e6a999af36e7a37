import type { Worker } from "node:worker_threads";
import {
  type EnumerateOptions,
  FULL_REASON,
  type OperationOptions,
  type Reached,
  type ResolvedOptions,
  type ShardHealth,
  type Spool,
  SpoolClosedError,
  type SpoolEntry,
  SpoolId,
  type SpoolIdLike,
  type StoreOptions,
  shardOf,
  UNHEALTHY_REASON,
} from "@rockspool/core";
import { abortable } from "./aborts/abortable.ts";
import { within } from "./aborts/within.ts";
import { ReadPath } from "./data-path/read-path.ts";
import { WritePath } from "./data-path/write-path.ts";
import type { DirectoryLock } from "./directory/directory-lock.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { Monitor } from "./monitor/monitor.ts";
import { closeAllShards, onAllShards } from "./shards/all-shards.ts";
import type { ShardClient } from "./shards/shard-client.ts";
import type { ShardThreads } from "./threads/shard-threads.ts";

/** Shared by all calls without options. */
const NO_OPTIONS = {};

/** What `openSpool` has put together. */
export interface SpoolParts {
  readonly options: ResolvedOptions;
  readonly lock: DirectoryLock;
  readonly threads: ShardThreads;
  readonly shards: readonly ShardClient[];
  readonly monitor: Monitor;
  readonly metrics: Metrics;
}

/**
 * A message's way, on the main thread:
 *
 *     store, remove ──▶ write path ──▶ admission queue ──▶ write lane ─┐
 *                                                                      ├─▶ frame ──▶ thread ──▶ answer ──▶ promise
 *     load ───────────▶ read path ───▶ admission queue ──▶ read lane ──┘
 *
 * There are two lanes for each shard. Nothing here waits for a disk, or for a shard other than the message's own.
 */
export class RocksSpool implements Spool {
  readonly path: string;
  readonly #options: ResolvedOptions;
  readonly #lock: DirectoryLock;
  readonly #threads: ShardThreads;
  readonly #shards: readonly ShardClient[];
  readonly #writes: WritePath;
  readonly #reads: ReadPath;
  readonly #monitor: Monitor;
  readonly #metrics: Metrics;
  #closing: Promise<void> | null = null;

  constructor({ options, lock, threads, shards, monitor, metrics }: SpoolParts) {
    this.path = options.path;
    this.#options = options;
    this.#lock = lock;
    this.#threads = threads;
    this.#shards = shards;
    this.#writes = new WritePath(options, shards, monitor.storage);
    this.#reads = new ReadPath(options.params.limitConcurrentLoads, shards);
    this.#monitor = monitor;
    this.#metrics = metrics;
  }

  /** The number of shards. */
  get shards(): number {
    return this.#shards.length;
  }

  /** The shards' threads. @internal For `rockspool/testing`. */
  get threads(): readonly Worker[] {
    return this.#threads.workers;
  }

  /** @internal For `rockspool/testing`. */
  get monitor(): Monitor {
    return this.#monitor;
  }

  newId(): SpoolId {
    for (;;) {
      const id = SpoolId.generate();
      // With all gates latched any id will do. Checked in each turn, because the last gate may latch at any moment.
      if (!this.#isLatched(id) || this.#shards.every(({ gate }) => gate.latched)) return id;
    }
  }

  store(id: SpoolIdLike, data: Uint8Array, options: StoreOptions = NO_OPTIONS): Promise<Reached> {
    return this.#writes.store(id, data, options);
  }

  remove(id: SpoolIdLike, options: OperationOptions = NO_OPTIONS): Promise<void> {
    return this.#writes.remove(id, options);
  }

  load(id: SpoolIdLike, options: OperationOptions = NO_OPTIONS): Promise<Uint8Array> {
    return this.#reads.load(id, options);
  }

  enumerate(options: EnumerateOptions = NO_OPTIONS): AsyncIterableIterator<SpoolEntry> {
    return this.#reads.enumerate(options);
  }

  async compact(options: OperationOptions = NO_OPTIONS): Promise<void> {
    await this.#onAllShards("compaction", options, async (shard) => {
      const link = await shard.link();
      await link.call((control) => control.compact());
    });
  }

  async adviseLowMemory(options: OperationOptions = NO_OPTIONS): Promise<number> {
    const saved = await this.#onAllShards("giving back memory", options, async (shard) => {
      const link = await shard.link();
      return link.call((control) => control.adviseLowMemory());
    });
    return saved.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Does nothing: no shard needs it. `Spool` has this call because KumoMTA's spools do. */
  async cleanup(options: OperationOptions = NO_OPTIONS): Promise<void> {
    await this.#onAllShards("cleanup", options, async () => {});
  }

  unhealthyReason(): string | null {
    const any = this.#options.shedWhen === "any";
    // Allocates nothing, where `some` and `every` need a closure.
    let shed = !any;
    for (const shard of this.#shards) if (shard.gate.latched === any) shed = any;
    if (shed) return UNHEALTHY_REASON;
    return this.#monitor.storage.full ? FULL_REASON : null;
  }

  health(): ShardHealth[] {
    return this.#monitor.shards.map((shard) => shard.health());
  }

  /**
   * Latches one shard's gate on behalf of the operator: its stores and removes are refused until `unlatch`, its loads
   * are served. A gate that is latched already keeps its reason. Rejects with a `SpoolConfigError` if there is no such
   * shard.
   */
  async latch(shard: number, reason: string): Promise<void> {
    this.#monitor.shard(shard).latch(reason);
  }

  /**
   * Opens one shard's gate on behalf of the operator. The shard must prove that it works: it is reopened if that is
   * needed, then a record is written, synced, read back and removed. If the proof fails, the gate stays latched and the
   * promise rejects with the reason. `force` opens the gate without a proof.
   */
  async unlatch(shard: number, { force = false }: { force?: boolean } = {}): Promise<void> {
    if (this.#closing !== null) throw new SpoolClosedError();
    const monitor = this.#monitor.shard(shard);
    if (force) monitor.force();
    else await monitor.unlatch();
  }

  shutdown(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #onAllShards<T>(
    what: string,
    { signal }: OperationOptions,
    work: (shard: ShardClient) => Promise<T>,
  ): Promise<T[]> {
    if (this.#closing !== null) throw new SpoolClosedError();
    return abortable(signal, () => onAllShards(what, this.#shards, work));
  }

  async #close(): Promise<void> {
    const { shutdownTimeout } = this.#options;
    const settled = Promise.all([this.#reads.close(), this.#writes.close()]);
    if (!(await within(shutdownTimeout, settled))) this.#cancelPending();
    this.#monitor.end();
    this.#metrics.leave();
    await closeAllShards(this.#shards, this.#threads, this.#lock, shutdownTimeout);
  }

  /** The disk of a shard does not answer in time. */
  #cancelPending(): void {
    this.#reads.cancelQueued();
    this.#writes.cancelQueued();
    for (const shard of this.#shards) shard.cancel();
  }

  #isLatched(id: SpoolId): boolean {
    return (this.#shards[shardOf(id.bytes, this.#shards.length)] as ShardClient).gate.latched;
  }
}

import type { Worker } from "node:worker_threads";
import {
  type EnumerateOptions,
  FULL_REASON,
  notWritten,
  type OperationOptions,
  type Reached,
  type ResolvedOptions,
  type ShardHealth,
  type Spool,
  SpoolClosedError,
  SpoolConfigError,
  type SpoolEntry,
  SpoolError,
  SpoolFullError,
  SpoolId,
  type SpoolIdLike,
  SpoolTooLargeError,
  SpoolUnhealthyError,
  type StoreOptions,
  shardOf,
  UNHEALTHY_REASON,
  WriteOp,
  writeRecordBytes,
} from "@rockspool/core";
import { listenForAbort } from "./aborts/abort-listener.ts";
import { abortable } from "./aborts/abortable.ts";
import { within } from "./aborts/within.ts";
import { Line } from "./admission/admission-queue.ts";
import { Sweeper } from "./admission/deadline-sweeper.ts";
import type { DirectoryLock } from "./directory/directory-lock.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { Monitor } from "./monitor/monitor.ts";
import { Deadlines } from "./operations/deadline.ts";
import { LoadOperation } from "./operations/load-operation.ts";
import type { Operation } from "./operations/operation.ts";
import type { ShardMeters } from "./operations/operation-meter.ts";
import { Outcome, outcomeOf } from "./operations/outcome.ts";
import { type Claim, Counter } from "./operations/reservation.ts";
import { stackless } from "./operations/stackless.ts";
import { type Write, WriteOperation } from "./operations/write-operation.ts";
import { closeAllShards, onAllShards } from "./shards/all-shards.ts";
import { enumerateShards, Stop } from "./shards/enumeration.ts";
import type { ShardClient } from "./shards/shard-client.ts";
import type { ShardThreads } from "./shards/shard-threads.ts";
import { Tally } from "./tally.ts";

/** A call without options need not make an object of none. */
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
 * A message's whole way, on the main thread:
 *
 *     store ──▶ gate open? ──▶ line (room?) ──▶ its shard's write lane ──▶ frame ──▶ thread ──▶ answer ──▶ promise
 *     load ───────────────────▶ line ─────────▶ its shard's read lane ───▶ frame ──▶ thread ──▶ answer ──▶ promise
 *
 * Nothing here touches a disk, and nothing waits for more than the shard that the message belongs to.
 */
export class RocksSpool implements Spool {
  readonly path: string;
  readonly #options: ResolvedOptions;
  readonly #lock: DirectoryLock;
  readonly #threads: ShardThreads;
  readonly #shards: readonly ShardClient[];
  readonly #writeLine: Line;
  readonly #readLine = new Line(Number.POSITIVE_INFINITY, 1);
  readonly #stores: Counter | null;
  readonly #removes: Counter | null;
  readonly #loadClaim: Claim;
  readonly #sweeper: Sweeper;
  readonly #monitor: Monitor;
  readonly #metrics: Metrics;
  readonly #enumerations = new Set<Stop>();
  readonly #deadlines: Deadlines;
  readonly #underWay = new Tally();
  #closing: Promise<void> | null = null;

  constructor({ options, lock, threads, shards, monitor, metrics }: SpoolParts) {
    const { limitConcurrentStores, limitConcurrentLoads, limitConcurrentRemoves, storeDeadline } = options.params;
    this.path = options.path;
    this.#options = options;
    this.#lock = lock;
    this.#threads = threads;
    this.#shards = shards;
    this.#writeLine = new Line(options.maxPendingBytes, shards.length);
    this.#stores = counter(limitConcurrentStores);
    this.#removes = counter(limitConcurrentRemoves);
    this.#loadClaim = { share: 0, bytes: 0, counter: counter(limitConcurrentLoads) };
    this.#deadlines = new Deadlines(storeDeadline);
    this.#monitor = monitor;
    this.#metrics = metrics;
    this.#sweeper = new Sweeper(shards.map(({ gate }) => gate));
  }

  /** How many shards it has. */
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
      // Asked again at each turn: the last gate may latch at any moment, and then any id will do.
      if (!this.#shardOf(id).gate.latched || this.#shards.every(({ gate }) => gate.latched)) return id;
    }
  }

  store(id: SpoolIdLike, data: Uint8Array, options: StoreOptions = NO_OPTIONS): Promise<Reached> {
    try {
      const { maxPendingBytes, flush } = this.#options;
      if (!(data instanceof Uint8Array)) throw new SpoolConfigError("data", typeof data, "a message is a Uint8Array");
      const { bytes: key } = SpoolId.from(id);
      if (this.#monitor.storage.full) throw new SpoolFullError();
      if (data.byteLength > maxPendingBytes) throw new SpoolTooLargeError(data.byteLength, maxPendingBytes);
      const write = {
        op: WriteOp.Store,
        id: key,
        data,
        sync: flush || options.forceSync === true,
        deadline: this.#deadlines.from(options.deadline),
        share: shardOf(key, this.#shards.length),
        // What it takes up in a frame, but never more than the line has: a message of the largest size can go alone.
        bytes: Math.min(writeRecordBytes(data.byteLength), maxPendingBytes),
        counter: this.#stores,
      };
      return this.#write(write, options.signal);
    } catch (error) {
      this.#refused("store", id, error, options);
      return Promise.reject(notWritten(error));
    }
  }

  async remove(id: SpoolIdLike, options: OperationOptions = NO_OPTIONS): Promise<void> {
    let reached: Promise<Reached>;
    try {
      const { bytes: key } = SpoolId.from(id);
      const write = {
        op: WriteOp.Remove,
        id: key,
        data: null,
        sync: this.#options.flush,
        deadline: this.#deadlines.from(undefined),
        share: shardOf(key, this.#shards.length),
        bytes: writeRecordBytes(0),
        counter: this.#removes,
      };
      reached = this.#write(write, options.signal);
    } catch (error) {
      this.#refused("remove", id, error, options);
      throw notWritten(error);
    }
    await reached;
  }

  load(id: SpoolIdLike, options: OperationOptions = NO_OPTIONS): Promise<Uint8Array> {
    try {
      const { bytes } = SpoolId.from(id);
      const { signal } = options;
      if (this.#closing !== null) throw new SpoolClosedError();
      signal?.throwIfAborted();
      const shard = this.#shards[shardOf(bytes, this.#shards.length)] as ShardClient;
      const operation = new LoadOperation(bytes, shard.meters.load, this.#loadClaim, signal, this.#settledLoad);
      this.#underWay.begin();
      this.#readLine.enter(operation, () => {
        if (shard.failure !== null) operation.reject(shard.failure);
        else shard.reads.append(operation);
      });
      return operation.promise;
    } catch (error) {
      this.#refused("load", id, error, options);
      return Promise.reject(error);
    }
  }

  enumerate({ createdBefore, signal }: EnumerateOptions = {}): AsyncIterableIterator<SpoolEntry> {
    const stop = new Stop();
    const onAbort = (): void => stop.end(signal?.reason);
    return enumerateShards({
      shards: this.#shards,
      createdBeforeMs: (createdBefore ?? new Date()).getTime(),
      begin: () => {
        if (this.#closing !== null) throw new SpoolClosedError();
        signal?.throwIfAborted();
        if (signal !== undefined) listenForAbort(signal, onAbort);
        this.#enumerations.add(stop);
        return stop;
      },
      end: () => {
        this.#enumerations.delete(stop);
        signal?.removeEventListener("abort", onAbort);
      },
    });
  }

  async compact(options: OperationOptions = {}): Promise<void> {
    await this.#onAllShards("compaction", options, async (shard) => {
      const link = await shard.link();
      await link.call((control) => control.compact());
    });
  }

  async adviseLowMemory(options: OperationOptions = {}): Promise<number> {
    const saved = await this.#onAllShards("giving back memory", options, async (shard) => {
      const link = await shard.link();
      return link.call((control) => control.adviseLowMemory());
    });
    return saved.reduce((sum, bytes) => sum + bytes, 0);
  }

  async cleanup(options: OperationOptions = {}): Promise<void> {
    await this.#onAllShards("cleanup", options, async () => {});
  }

  unhealthyReason(): string | null {
    const any = this.#options.shedWhen === "any";
    let shed = !any;
    for (const shard of this.#shards) if (shard.gate.latched === any) shed = any;
    if (shed) return UNHEALTHY_REASON;
    return this.#monitor.storage.full ? FULL_REASON : null;
  }

  health(): ShardHealth[] {
    return this.#monitor.shards.map((shard) => shard.health());
  }

  /**
   * Latches one shard's gate by hand: its stores and removes are refused from now on, its loads go on, and it stays so until
   * `unlatch`. The first reason stays. Rejects with a `SpoolConfigError` where there is no such shard.
   */
  async latch(shard: number, reason: string): Promise<void> {
    this.#monitor.shard(shard).latch(reason);
  }

  /**
   * Opens one shard's gate by hand. The shard must prove that it works: it is opened again where that is needed, then a record is
   * written, synced, read back and removed; rejects with why it does not, and stays latched. `force` opens the gate unproved.
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

  #write(write: Write & Claim, signal: AbortSignal | undefined): Promise<Reached> {
    if (this.#closing !== null) throw new SpoolClosedError("not-written");
    signal?.throwIfAborted();
    const shard = this.#shards[write.share] as ShardClient;
    if (shard.gate.latched) throw new SpoolUnhealthyError();
    const meter = write.op === WriteOp.Store ? shard.meters.store : shard.meters.remove;
    // One object is both: each that a store makes is one more for the garbage collector, which takes a third of this thread's time.
    const operation = new WriteOperation(write, shard.gate, meter, write, signal, this.#settledWrite);
    this.#underWay.begin();
    this.#sweeper.watch(operation);
    // A deadline that is over before the call says nothing of the spool: it is no back-pressure, and is no error of the shard. Only
    // a caller's can be; the clock is not asked again for the spool's own.
    if (write.deadline.callers && write.deadline.ms <= Date.now())
      operation.reject(operation.deadlineError("not-written"));
    else this.#writeLine.enter(operation, this.#startWrite);
    return operation.promise;
  }

  /** Counts a call that became no operation. One with wrong arguments says nothing of the spool, and may belong to no shard. */
  #refused(kind: keyof ShardMeters, id: SpoolIdLike, error: unknown, options: OperationOptions): void {
    const signal = options?.signal;
    const aborted = signal?.aborted && error === signal.reason;
    if (!aborted && (!(error instanceof SpoolError) || error instanceof SpoolConfigError)) return;
    const outcome = aborted ? Outcome.Aborted : outcomeOf(error);
    this.#shardOf(SpoolId.from(id)).meters[kind].refused(outcome);
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
    for (const enumeration of this.#enumerations) enumeration.end(new SpoolClosedError());
    const { shutdownTimeout } = this.#options;
    if (!(await within(shutdownTimeout, this.#underWay.none()))) this.#rejectPending();
    this.#sweeper.end();
    this.#monitor.end();
    this.#metrics.leave();
    await closeAllShards(this.#shards, this.#threads, this.#lock, shutdownTimeout);
  }

  /** Some shard's disk does not answer: nobody waits for it any longer. */
  #rejectPending(): void {
    for (const operation of this.#readLine.operations) operation.giveUp(() => new SpoolClosedError());
    for (const operation of this.#writeLine.operations) operation.giveUp(() => new SpoolClosedError("not-written"));
    for (const shard of this.#shards) shard.cancel();
  }

  /**
   * While it waited in line the gate may have latched, or its deadline have come: what expires makes room, and whoever gets that may
   * be as late and not looked at yet. Its message is not copied for nothing.
   */
  readonly #startWrite = (operation: WriteOperation, waited: boolean): void => {
    if (operation.gate.latched) operation.reject(stackless(() => new SpoolUnhealthyError()));
    else if (waited && operation.deadlineMs <= Date.now()) operation.expire();
    else (this.#shards[operation.claim.share] as ShardClient).writes.append(operation);
  };

  readonly #settledWrite = (operation: Operation<unknown>): void => {
    this.#sweeper.leave(operation as WriteOperation);
    this.#underWay.end();
  };

  readonly #settledLoad = (): void => this.#underWay.end();

  #shardOf(id: SpoolId): ShardClient {
    return this.#shards[shardOf(id.bytes, this.#shards.length)] as ShardClient;
  }
}

function counter(limit: number | null): Counter | null {
  return limit === null ? null : new Counter(limit);
}

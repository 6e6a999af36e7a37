import {
  notWritten,
  type OperationOptions,
  type Reached,
  type ResolvedOptions,
  SpoolClosedError,
  SpoolConfigError,
  SpoolFullError,
  SpoolId,
  type SpoolIdLike,
  SpoolTooLargeError,
  SpoolUnhealthyError,
  type StoreOptions,
  shardOf,
  WriteOp,
  writeRecordBytes,
} from "@rockspool/core";
import { WriteQueue } from "../admission/write-queue.ts";
import type { StorageGuard } from "../monitor/storage-guard.ts";
import { ConcurrencyLimit } from "../operations/concurrency-limit.ts";
import { Deadlines } from "../operations/deadline.ts";
import type { Reservation } from "../operations/reservation.ts";
import { stackless } from "../operations/stackless.ts";
import { type Write, WriteOperation } from "../operations/write-operation.ts";
import type { ShardClient } from "../shards/shard-client.ts";
import { countRefusal } from "./refusals.ts";

/**
 * A store or remove on the main thread:
 *
 *     arguments valid, storage not full, gate open ──▶ write queue ──▶ write lane of its shard
 *
 * Nothing here waits for a disk, or for a shard other than its own.
 */
export class WritePath {
  readonly #shards: readonly ShardClient[];
  readonly #storage: StorageGuard;
  readonly #queue: WriteQueue;
  readonly #flush: boolean;
  readonly #maxPendingBytes: number;
  readonly #stores: ConcurrencyLimit | null;
  readonly #removes: ConcurrencyLimit | null;
  readonly #deadlines: Deadlines;

  constructor(
    { flush, maxPendingBytes, params }: ResolvedOptions,
    shards: readonly ShardClient[],
    storage: StorageGuard,
  ) {
    this.#shards = shards;
    this.#storage = storage;
    this.#flush = flush;
    this.#maxPendingBytes = maxPendingBytes;
    this.#stores = ConcurrencyLimit.of(params.limitConcurrentStores);
    this.#removes = ConcurrencyLimit.of(params.limitConcurrentRemoves);
    this.#deadlines = new Deadlines(params.storeDeadline);
    const gates = shards.map(({ gate }) => gate);
    this.#queue = new WriteQueue(maxPendingBytes, gates, this.#start);
  }

  store(id: SpoolIdLike, data: Uint8Array, options: StoreOptions): Promise<Reached> {
    try {
      if (!(data instanceof Uint8Array)) throw new SpoolConfigError("data", typeof data, "a message is a Uint8Array");
      const { bytes: key } = SpoolId.from(id);
      const maxPendingBytes = this.#maxPendingBytes;
      if (this.#storage.full) throw new SpoolFullError();
      if (data.byteLength > maxPendingBytes) throw new SpoolTooLargeError(data.byteLength, maxPendingBytes);
      const write = {
        op: WriteOp.Store,
        id: key,
        data,
        sync: this.#flush || options.forceSync === true,
        deadline: this.#deadlines.from(options.deadline),
        shard: shardOf(key, this.#shards.length),
        // Its record in a frame, but no more than the limit, so that a message of the largest size can be admitted
        // alone.
        bytes: Math.min(writeRecordBytes(data.byteLength), maxPendingBytes),
        limit: this.#stores,
      };
      return this.#write(write, options.signal);
    } catch (error) {
      countRefusal(this.#shards, "store", id, error, options);
      return Promise.reject(notWritten(error));
    }
  }

  async remove(id: SpoolIdLike, options: OperationOptions): Promise<void> {
    let reached: Promise<Reached>;
    try {
      const { bytes: key } = SpoolId.from(id);
      const write = {
        op: WriteOp.Remove,
        id: key,
        data: null,
        sync: this.#flush,
        deadline: this.#deadlines.from(undefined),
        shard: shardOf(key, this.#shards.length),
        bytes: writeRecordBytes(0),
        limit: this.#removes,
      };
      reached = this.#write(write, options.signal);
    } catch (error) {
      countRefusal(this.#shards, "remove", id, error, options);
      throw notWritten(error);
    }
    await reached;
  }

  /** Refuses new writes. Resolves when all pending ones have settled. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** Cancels the writes that wait in the admission queue. */
  cancelQueued(): void {
    for (const operation of this.#queue.queued) operation.cancel(() => new SpoolClosedError("not-written"));
  }

  #write(write: Write & Reservation, signal: AbortSignal | undefined): Promise<Reached> {
    if (this.#queue.closed) throw new SpoolClosedError("not-written");
    signal?.throwIfAborted();
    const { gate, meters } = this.#shards[write.shard] as ShardClient;
    if (gate.latched) throw new SpoolUnhealthyError();
    const meter = write.op === WriteOp.Store ? meters.store : meters.remove;
    // One object is both the write and its reservation: the garbage collector takes a third of this thread's time.
    const operation = new WriteOperation(write, gate, meter, write, signal);
    // A deadline already past is the caller's mistake, not back-pressure, so no shard error is counted. The spool's own
    // deadline lies ahead, so the clock is not read for it.
    if (write.deadline.callers && write.deadline.ms <= Date.now())
      operation.reject(operation.deadlineError("not-written"));
    else this.#queue.enter(operation);
    return operation.promise;
  }

  /**
   * Called when a write is admitted. While it was queued, its gate may have latched or its deadline may have passed.
   * The sweep does not catch all of these: by cancelling one write it admits the next. Such a write is rejected here,
   * before its message is copied.
   */
  readonly #start = (operation: WriteOperation, queued: boolean): void => {
    if (operation.gate.latched) operation.reject(stackless(() => new SpoolUnhealthyError()));
    else if (queued && operation.deadlineMs <= Date.now()) operation.expire();
    else (this.#shards[operation.reservation.shard] as ShardClient).writes.append(operation);
  };
}

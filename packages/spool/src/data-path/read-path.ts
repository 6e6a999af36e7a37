import {
  type EnumerateOptions,
  type OperationOptions,
  SpoolClosedError,
  type SpoolEntry,
  SpoolId,
  type SpoolIdLike,
  shardOf,
} from "@rockspool/core";
import { listenForAbort } from "../aborts/abort-listener.ts";
import { AdmissionQueue } from "../admission/admission-queue.ts";
import { ConcurrencyLimit } from "../operations/concurrency-limit.ts";
import { LoadOperation } from "../operations/load-operation.ts";
import type { Reservation } from "../operations/reservation.ts";
import { enumerateShards, Stop } from "../shards/enumeration.ts";
import type { ShardClient } from "../shards/shard-client.ts";
import { countRefusal } from "./refusals.ts";

/**
 * Loads and enumerations on the main thread. A load takes no bytes of `maxPendingBytes`, and is limited in number only:
 *
 *     load ──▶ admission queue ──▶ read lane of its shard
 */
export class ReadPath {
  readonly #shards: readonly ShardClient[];
  readonly #queue: AdmissionQueue<LoadOperation>;
  /** By shard: the loads of a shard share one. */
  readonly #reservations: readonly Reservation[];
  readonly #enumerations = new Set<Stop>();

  constructor(limitConcurrentLoads: number | null, shards: readonly ShardClient[]) {
    this.#shards = shards;
    const limit = ConcurrencyLimit.of(limitConcurrentLoads);
    this.#reservations = shards.map((_, shard) => ({ shard, bytes: 0, limit }));
    this.#queue = new AdmissionQueue(Number.POSITIVE_INFINITY, shards.length, this.#start);
  }

  load(id: SpoolIdLike, options: OperationOptions): Promise<Uint8Array> {
    try {
      const { bytes } = SpoolId.from(id);
      const { signal } = options;
      if (this.#queue.closed) throw new SpoolClosedError();
      signal?.throwIfAborted();
      const shard = shardOf(bytes, this.#shards.length);
      const { meters } = this.#shards[shard] as ShardClient;
      const operation = new LoadOperation(bytes, meters.load, this.#reservations[shard] as Reservation, signal);
      this.#queue.enter(operation);
      return operation.promise;
    } catch (error) {
      countRefusal(this.#shards, "load", id, error, options);
      return Promise.reject(error);
    }
  }

  enumerate({ createdBefore, signal }: EnumerateOptions): AsyncIterableIterator<SpoolEntry> {
    const stop = new Stop();
    const onAbort = (): void => stop.end(signal?.reason);
    return enumerateShards({
      shards: this.#shards,
      createdBeforeMs: (createdBefore ?? new Date()).getTime(),
      begin: () => {
        if (this.#queue.closed) throw new SpoolClosedError();
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

  /** Ends the enumerations and refuses new loads. Resolves when all pending loads have settled. */
  close(): Promise<void> {
    for (const enumeration of this.#enumerations) enumeration.end(new SpoolClosedError());
    return this.#queue.close();
  }

  /** Cancels the loads that wait in the admission queue. */
  cancelQueued(): void {
    for (const operation of this.#queue.queued) operation.cancel(() => new SpoolClosedError());
  }

  readonly #start = (operation: LoadOperation): void => {
    const { failure, reads } = this.#shards[operation.reservation.shard] as ShardClient;
    if (failure !== null) operation.reject(failure);
    else reads.append(operation);
  };
}

import { must } from "@rockspool/core";
import type { Admission, Operation } from "../operations/operation.ts";
import type { Reservation } from "../operations/reservation.ts";
import { QueuedOperation } from "./queued-operation.ts";
import { quotaBytes, ShardQuota } from "./shard-quota.ts";

/**
 * Operations enter here and are admitted in order of arrival, each as soon as its reservation fits into the limits.
 * Until then its message is not copied. The queue counts the operations from `enter` until they settle.
 *
 * A reservation is returned when its operation settles. If the operation is cancelled while its message is in a frame,
 * the bytes are returned when the frame is answered: what is copied stays within the limits, however many operations
 * expire.
 *
 * Each shard has its own quota of the bytes and its own queue, so a stalled shard fills its quota and blocks no other
 * shard. An operation blocked on a limit of all shards, the bytes or a concurrency limit, blocks all that arrived
 * later; otherwise large messages would starve.
 */
export class AdmissionQueue<O extends Operation<unknown>> implements Admission {
  readonly #maxBytes: number;
  readonly #quotas: readonly ShardQuota<O>[];
  readonly #start: (operation: O, queued: boolean) => void;
  /** Reserved by all shards together. */
  #usedBytes = 0;
  /** Operations that have entered and not settled. */
  #pending = 0;
  /** Those of them that are not admitted yet. */
  #queued = 0;
  #arrivals = 0;
  #advancing = false;
  #closed = false;
  #onIdle: (() => void) | null = null;

  /** `start` is called with each operation that is admitted, and whether that had to wait. */
  constructor(maxBytes: number, shards: number, start: (operation: O, queued: boolean) => void) {
    this.#maxBytes = maxBytes;
    this.#quotas = Array.from({ length: shards }, () => new ShardQuota(quotaBytes(maxBytes, shards)));
    this.#start = start;
  }

  /** True once `close` was called. Nothing may enter then. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Operations that wait for admission, each shard's in order of arrival. */
  get queued(): O[] {
    return this.#quotas.flatMap(({ queue }) => Array.from(queue, ({ operation }) => operation));
  }

  /** Starts the operation now or later. It may settle before this returns. */
  enter(operation: O): void {
    operation.admission = this;
    this.#pending++;
    const { reservation } = operation;
    const quota = this.#quotaOf(reservation);
    if (this.#queued === 0 && quota.fits(reservation.bytes) && this.#fits(reservation)) {
      this.#admit(operation);
      this.#start(operation, false);
      return;
    }
    const queued = new QueuedOperation(operation, this.#arrivals++, this.#remove);
    queued.member = quota.queue.push(queued);
    operation.holder = queued;
    this.#queued++;
    this.#advance();
  }

  settled(operation: O, held: boolean): void {
    this.#pending--;
    if (operation.admitted) {
      const { limit } = operation.reservation;
      if (limit !== null) limit.used--;
      if (!held) this.#releaseBytes(operation);
    }
    if (this.#pending === 0) this.#onIdle?.();
    this.#advance();
  }

  release(operation: O): void {
    this.#releaseBytes(operation);
    this.#advance();
  }

  /** From now on nothing may enter. Resolves when all operations have settled. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /**
   * An admitted operation may settle at once and make room for the next. The loop starts that one, so the stack does
   * not grow.
   */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      for (let quota = this.#next(); quota !== null; quota = this.#next()) {
        const member = must(quota.queue.first, "the first operation of its shard's queue");
        const { operation } = member.value;
        if (!this.#fits(operation.reservation)) return;
        quota.queue.remove(member);
        this.#queued--;
        operation.holder = null;
        this.#admit(operation);
        this.#start(operation, true);
      }
    } finally {
      this.#advancing = false;
    }
  }

  /** Of the quotas with room for their first queued operation, the one whose operation arrived first. */
  #next(): ShardQuota<O> | null {
    if (this.#queued === 0) return null;
    let next: ShardQuota<O> | null = null;
    let arrival = Number.POSITIVE_INFINITY;
    for (const quota of this.#quotas) {
      const first = quota.queue.first?.value;
      if (first === undefined || first.arrival > arrival || !quota.fits(first.operation.reservation.bytes)) continue;
      next = quota;
      arrival = first.arrival;
    }
    return next;
  }

  #admit(operation: O): void {
    const { reservation } = operation;
    operation.admitted = true;
    this.#usedBytes += reservation.bytes;
    this.#quotaOf(reservation).usedBytes += reservation.bytes;
    if (reservation.limit !== null) reservation.limit.used++;
  }

  /** A cancelled operation leaves the queue. It settles next, which admits those behind it. */
  readonly #remove = (queued: QueuedOperation<O>): void => {
    const member = must(queued.member, "the queued operation's entry");
    if (this.#quotaOf(queued.operation.reservation).queue.remove(member)) this.#queued--;
  };

  #releaseBytes({ reservation }: O): void {
    this.#usedBytes -= reservation.bytes;
    this.#quotaOf(reservation).usedBytes -= reservation.bytes;
  }

  #fits({ bytes, limit }: Reservation): boolean {
    return !limit?.reached && this.#usedBytes + bytes <= this.#maxBytes;
  }

  #quotaOf({ shard }: Reservation): ShardQuota<O> {
    return this.#quotas[shard] as ShardQuota<O>;
  }
}

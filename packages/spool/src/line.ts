import type { Claim } from "./claim.ts";
import type { Operation, Place } from "./operation.ts";

/**
 * The line before the shards: first come, first served. An operation that finds nobody waiting and room goes straight on;
 * otherwise it waits here, its message not copied yet, until those before it have gone and there is room. One that is
 * withdrawn leaves no trace.
 *
 * Each shard has a share of the room and a queue of its own, so that one that is stalled fills its share and holds up nobody else.
 * Who waits only for what all share, be it bytes or a counter, holds up all who came later, or a large message would never go.
 */

/** Below this a share would not fill the frames that a shard works on. */
const SHARE_MIN_BYTES = 4 * 1024 * 1024;

/** A share, and who waits for it. */
interface Queue {
  bytes: number;
  /** A Map keeps the order and forgets a member in constant time. */
  readonly waiting: Map<Operation<unknown>, Waiting>;
}

interface Waiting {
  readonly operation: Operation<unknown>;
  /** Its number among all who came. */
  readonly arrival: number;
  readonly start: () => void;
}

export class Line implements Place {
  readonly sent = false;
  readonly #limitBytes: number;
  readonly #shareBytes: number;
  readonly #queues: readonly Queue[];
  #bytes = 0;
  #waiting = 0;
  #arrivals = 0;
  #advancing = false;

  constructor(limitBytes: number, shares: number) {
    this.#limitBytes = limitBytes;
    // With two shares or more, none is more than half: what one shard takes, another finds as much of.
    const leastBytes = Math.min(SHARE_MIN_BYTES, limitBytes / Math.min(shares, 2));
    this.#shareBytes = Math.max(limitBytes / shares, leastBytes);
    this.#queues = Array.from({ length: shares }, () => ({ bytes: 0, waiting: new Map() }));
  }

  /** Runs `start` now or later. */
  enter(operation: Operation<unknown>, start: () => void): void {
    const { claim } = operation;
    const queue = this.#queueOf(claim);
    if (this.#waiting === 0 && this.#fitsShare(queue, claim) && this.#fits(claim)) {
      this.#admit(operation);
      start();
      return;
    }
    queue.waiting.set(operation, { operation, arrival: this.#arrivals++, start });
    this.#waiting++;
    operation.place = this;
    this.#advance();
  }

  /** Gives back what a settled operation took. */
  leave(operation: Operation<unknown>): void {
    if (!operation.admitted) return;
    const { claim } = operation;
    this.#bytes -= claim.bytes;
    this.#queueOf(claim).bytes -= claim.bytes;
    if (claim.counter !== null) claim.counter.used--;
    this.#advance();
  }

  withdraw(operation: Operation<unknown>): void {
    if (this.#queueOf(operation.claim).waiting.delete(operation)) this.#waiting--;
    this.#advance();
  }

  /** Those who wait, each shard's in their order. */
  get operations(): Operation<unknown>[] {
    return this.#queues.flatMap(({ waiting }) => [...waiting.keys()]);
  }

  /** One that is started may settle at once and make room for the next: that is this loop's next turn, not a deeper stack. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#waiting > 0) {
        const next = this.#next();
        if (next === null || !this.#fits(next.operation.claim)) return;
        const { operation, start } = next;
        this.#queueOf(operation.claim).waiting.delete(operation);
        this.#waiting--;
        operation.place = null;
        this.#admit(operation);
        start();
      }
    } finally {
      this.#advancing = false;
    }
  }

  /** The one who came first of those whose own share has room. */
  #next(): Waiting | null {
    let next: Waiting | null = null;
    for (const queue of this.#queues) {
      const [first] = queue.waiting.values();
      if (first === undefined || (next !== null && next.arrival < first.arrival)) continue;
      if (this.#fitsShare(queue, first.operation.claim)) next = first;
    }
    return next;
  }

  #admit(operation: Operation<unknown>): void {
    const { claim } = operation;
    operation.admitted = true;
    this.#bytes += claim.bytes;
    this.#queueOf(claim).bytes += claim.bytes;
    if (claim.counter !== null) claim.counter.used++;
  }

  /** A message that is larger than the share goes alone. */
  #fitsShare(queue: Queue, { bytes }: Claim): boolean {
    return queue.bytes === 0 || queue.bytes + bytes <= this.#shareBytes;
  }

  #fits({ bytes, counter }: Claim): boolean {
    if (counter !== null && counter.used >= counter.limit) return false;
    return this.#bytes + bytes <= this.#limitBytes;
  }

  #queueOf({ share }: Claim): Queue {
    return this.#queues[share] as Queue;
  }
}

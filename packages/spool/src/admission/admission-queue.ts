import { must } from "@rockspool/core";
import type { Operation, Place, Room } from "../operations/operation.ts";
import type { Claim } from "../operations/reservation.ts";
import { Queue } from "./linked-queue.ts";

/**
 * The line before the shards: first come, first served. An operation that finds nobody waiting and room goes straight on;
 * otherwise it waits here, its message not copied yet, until those before it have gone and there is room. One that is
 * withdrawn leaves no trace. One that is given up later keeps its bytes for as long as the frame that it is in: no more is copied than
 * the line has room for, whatever expires.
 *
 * Each shard has a share of the room and a queue of its own, so that one that is stalled fills its share and holds up nobody else.
 * Who waits only for what all share, be it bytes or a counter, holds up all who came later, or a large message would never go.
 */

/** Below this a share would not fill the frames that a shard works on. */
const SHARE_MIN_BYTES = 4 * 1024 * 1024;

/** A shard's share, and who waits for it. */
interface Share {
  bytes: number;
  readonly queue: Queue<Waiting>;
}

/** One who waits. */
class Waiting implements Place {
  readonly sent = false;
  readonly operation: Operation<unknown>;
  /** Its number among all who came. */
  readonly arrival: number;
  readonly start: () => void;
  readonly withdraw: () => false;

  constructor(operation: Operation<unknown>, arrival: number, start: () => void, withdraw: () => false) {
    this.operation = operation;
    this.arrival = arrival;
    this.start = start;
    this.withdraw = withdraw;
  }
}

export class Line implements Room {
  readonly #limitBytes: number;
  readonly #shareBytes: number;
  readonly #shares: readonly Share[];
  #bytes = 0;
  #waiting = 0;
  #arrivals = 0;
  #advancing = false;

  constructor(limitBytes: number, shares: number) {
    this.#limitBytes = limitBytes;
    // With two shares or more, none is more than half: what one shard takes, another finds as much of.
    const leastBytes = Math.min(SHARE_MIN_BYTES, limitBytes / Math.min(shares, 2));
    this.#shareBytes = Math.max(limitBytes / shares, leastBytes);
    this.#shares = Array.from({ length: shares }, () => ({ bytes: 0, queue: new Queue() }));
  }

  /**
   * Runs `start` now or later. It is told the operation, so that whoever calls need not make a function for each, and whether that
   * has waited.
   */
  enter<O extends Operation<unknown>>(operation: O, start: (operation: O, waited: boolean) => void): void {
    const { claim } = operation;
    const share = this.#shareOf(claim);
    if (this.#waiting === 0 && this.#fitsShare(share, claim) && this.#fits(claim)) {
      this.#admit(operation);
      start(operation, false);
      return;
    }
    const withdraw = (): false => {
      if (share.queue.remove(member)) this.#waiting--;
      this.#advance();
      return false;
    };
    const member = share.queue.push(new Waiting(operation, this.#arrivals++, () => start(operation, true), withdraw));
    operation.place = member.value;
    this.#waiting++;
    this.#advance();
  }

  settled({ claim }: Operation<unknown>, held: boolean): void {
    if (claim.counter !== null) claim.counter.used--;
    if (!held) this.#release(claim);
    this.#advance();
  }

  letGo({ claim }: Operation<unknown>): void {
    this.#release(claim);
    this.#advance();
  }

  /** Those who wait, each shard's in their order. */
  get operations(): Operation<unknown>[] {
    return this.#shares.flatMap(({ queue }) => Array.from(queue, ({ operation }) => operation));
  }

  /** One that is started may settle at once and make room for the next: that is this loop's next turn, not a deeper stack. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      for (let share = this.#next(); share !== null; share = this.#next()) {
        const member = must(share.queue.first, "one who waits for its share");
        const { operation, start } = member.value;
        if (!this.#fits(operation.claim)) return;
        share.queue.remove(member);
        this.#waiting--;
        operation.place = null;
        this.#admit(operation);
        start();
      }
    } finally {
      this.#advancing = false;
    }
  }

  /** The share with room for its first, who came before those of all other such shares. */
  #next(): Share | null {
    if (this.#waiting === 0) return null;
    let next: Share | null = null;
    let arrival = Number.POSITIVE_INFINITY;
    for (const share of this.#shares) {
      const first = share.queue.first?.value;
      if (first === undefined || first.arrival > arrival || !this.#fitsShare(share, first.operation.claim)) continue;
      next = share;
      arrival = first.arrival;
    }
    return next;
  }

  #admit(operation: Operation<unknown>): void {
    const { claim } = operation;
    operation.room = this;
    this.#bytes += claim.bytes;
    this.#shareOf(claim).bytes += claim.bytes;
    if (claim.counter !== null) claim.counter.used++;
  }

  #release(claim: Claim): void {
    this.#bytes -= claim.bytes;
    this.#shareOf(claim).bytes -= claim.bytes;
  }

  /** A message that is larger than the share goes alone. */
  #fitsShare(share: Share, { bytes }: Claim): boolean {
    return share.bytes === 0 || share.bytes + bytes <= this.#shareBytes;
  }

  #fits({ bytes, counter }: Claim): boolean {
    if (counter !== null && counter.used >= counter.limit) return false;
    return this.#bytes + bytes <= this.#limitBytes;
  }

  #shareOf({ share }: Claim): Share {
    return this.#shares[share] as Share;
  }
}

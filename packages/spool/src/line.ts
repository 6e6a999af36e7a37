import type { Claim } from "./claim.ts";
import type { Operation, Place } from "./operation.ts";

/**
 * The line before the shards: first come, first served. An operation that finds nobody waiting and room goes straight on;
 * otherwise it waits here, its message not copied yet, until those before it have gone and there is room. One that is
 * withdrawn leaves no trace.
 */
export class Line implements Place {
  readonly sent = false;
  readonly #limitBytes: number;
  /** How to start each; a Map keeps the order and forgets a member in constant time. */
  readonly #waiting = new Map<Operation<unknown>, () => void>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Runs `start` now or later. */
  enter(operation: Operation<unknown>, start: () => void): void {
    if (this.#waiting.size === 0 && this.#fits(operation.claim)) {
      this.#admit(operation);
      start();
      return;
    }
    this.#waiting.set(operation, start);
    operation.place = this;
  }

  /** Gives back what a settled operation took. */
  leave(operation: Operation<unknown>): void {
    if (!operation.admitted) return;
    this.#bytes -= operation.claim.bytes;
    if (operation.claim.counter !== null) operation.claim.counter.used--;
    if (this.#waiting.size > 0) this.#advance();
  }

  withdraw(operation: Operation<unknown>): void {
    this.#waiting.delete(operation);
    this.#advance();
  }

  /** Those who wait, in their order. */
  get operations(): Operation<unknown>[] {
    return [...this.#waiting.keys()];
  }

  #advance(): void {
    for (const [operation, start] of this.#waiting) {
      if (!this.#fits(operation.claim)) return;
      this.#waiting.delete(operation);
      operation.place = null;
      this.#admit(operation);
      start();
    }
  }

  #admit(operation: Operation<unknown>): void {
    operation.admitted = true;
    this.#bytes += operation.claim.bytes;
    if (operation.claim.counter !== null) operation.claim.counter.used++;
  }

  #fits({ bytes, counter }: Claim): boolean {
    if (counter !== null && counter.used >= counter.limit) return false;
    return this.#bytes + bytes <= this.#limitBytes;
  }
}

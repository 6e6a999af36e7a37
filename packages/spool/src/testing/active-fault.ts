import type { FaultCalls, FaultMemory, FaultPlan } from "@rockspool/worker";

/** A fault that is in force until it is released. */
export interface Fault {
  /** How many calls it has hit. */
  readonly hits: number;
  /** Resolves when it has hit that many calls (default: 1). Rejects if it is released before. */
  reached(hits?: number): Promise<void>;
  /** Ends the fault at once, and lets the calls that it stalls go on. A second call does nothing. */
  release(): void;
}

/** A fault in the memory that the test shares with the shard's thread. */
export class ActiveFault implements Fault {
  readonly does: FaultPlan["does"];
  readonly #memory: FaultMemory;
  readonly #slot: number;
  readonly #onRelease: () => void;
  /** The hits at the release; null until then. */
  #released: number | null = null;

  constructor(plan: FaultPlan, calls: FaultCalls, memory: FaultMemory, onRelease: () => void) {
    this.does = plan.does;
    this.#memory = memory;
    this.#onRelease = onRelease;
    this.#slot = memory.set(plan, calls);
  }

  get hits(): number {
    return this.#released ?? this.#memory.hits(this.#slot);
  }

  async reached(hits = 1): Promise<void> {
    while (this.hits < hits) {
      if (this.#released !== null) throw new Error(`the fault was released after ${this.#released} hits of ${hits}`);
      await this.#memory.moreHits(this.#slot, this.hits);
    }
  }

  release(): void {
    if (this.#released !== null) return;
    this.#released = this.hits;
    this.#memory.release(this.#slot);
    this.#onRelease();
  }
}

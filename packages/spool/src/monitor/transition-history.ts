import type { Latch, ShardTransition } from "@rockspool/core";

/** How many transitions `health()` shows. */
const MAX_TRANSITIONS = 16;

/** The last latches and unlatches of one shard's gate, oldest first. */
export class TransitionHistory {
  #transitions: readonly ShardTransition[] = [];

  /**
   * Whether the gate shows a latch that is not in the history: any thread may latch the gate, and no thread reports
   * that here.
   */
  isNew(latch: Latch | null): latch is Latch {
    return latch !== null && this.#transitions.at(-1)?.latched !== true;
  }

  addLatch(latch: Latch): void {
    this.#add(toTransition(latch));
  }

  addUnlatch(at: Date, reason: string): void {
    this.#add({ at, latched: false, reason });
  }

  /** The transitions, with the gate's latch if it is new. Adds nothing. */
  with(latch: Latch | null): ShardTransition[] {
    const all = this.isNew(latch) ? [...this.#transitions, toTransition(latch)] : [...this.#transitions];
    return all.slice(-MAX_TRANSITIONS);
  }

  #add(transition: ShardTransition): void {
    this.#transitions = [...this.#transitions, transition].slice(-MAX_TRANSITIONS);
  }
}

function toTransition({ atMs, reason }: Latch): ShardTransition {
  return { at: new Date(atMs), latched: true, reason };
}

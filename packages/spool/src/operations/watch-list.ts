/**
 * Those whose deadlines are watched, in blocks of neighbours that know when the first of theirs is due: to look at each of 20,000 that
 * wait, forty times a second, took a third of the main thread.
 */
const BLOCK_MEMBERS = 256;

export interface Watched {
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  /** Where it is watched; null before and after. */
  block: Block | null;
  /** Its index there. */
  at: number;
}

export interface Block {
  /** No deadline of its members is nearer. */
  nearestMs: number;
  readonly members: Watched[];
}

export class WatchList<W extends Watched> {
  readonly #blocks = new Set<Block>();
  /** The one that takes who comes; in the set unless it is empty. */
  #filling: Block = emptyBlock();

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }

  add(member: W): void {
    if (this.#filling.members.length === BLOCK_MEMBERS) this.#filling = emptyBlock();
    const block = this.#filling;
    if (block.members.length === 0) this.#blocks.add(block);
    member.block = block;
    member.at = block.members.push(member) - 1;
    if (member.deadlineMs < block.nearestMs) block.nearestMs = member.deadlineMs;
  }

  /** Nothing of it is kept. */
  leave(member: W): void {
    const { block, at } = member;
    if (block === null) return;
    member.block = null;
    // The last takes its place: a block has no order.
    const last = block.members.pop() as Watched;
    if (last !== member) {
      block.members[at] = last;
      last.at = at;
    }
    if (block.members.length > 0) return;
    block.nearestMs = Number.POSITIVE_INFINITY;
    this.#blocks.delete(block);
  }

  /** Looks at those who may be due by now, and at their neighbours; or at all. Whoever is looked at may leave, and others with it. */
  look(nowMs: number, all: boolean, look: (member: W) => void): void {
    for (const block of this.#blocks) {
      if (!all && block.nearestMs > nowMs) continue;
      block.nearestMs = Number.POSITIVE_INFINITY;
      // From the end: who takes the place of one that left has been looked at.
      for (let at = block.members.length - 1; at >= 0; at--) {
        const member = block.members[at] as W | undefined;
        if (member === undefined) continue;
        look(member);
        if (member.block === block) block.nearestMs = Math.min(block.nearestMs, member.deadlineMs);
      }
    }
  }
}

function emptyBlock(): Block {
  return { nearestMs: Number.POSITIVE_INFINITY, members: [] };
}

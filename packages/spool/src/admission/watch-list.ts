/**
 * Members by deadline, in blocks that know their nearest deadline. A sweep skips the blocks in which nothing is due:
 * with 20,000 operations waiting, visiting each of them forty times a second took a third of the main thread.
 */
const BLOCK_MEMBERS = 256;

export interface Watched {
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  /** The block that it is in; null while it is in no list. Only the list sets it. */
  watchBlock: object | null;
  /** Its index in that block. Only the list sets it. */
  watchIndex: number;
}

interface Block {
  /** No member's deadline is nearer. May be too near after a member was removed, until the next visit. */
  nearestMs: number;
  /** In no order. */
  readonly members: Watched[];
}

export class WatchList<W extends Watched> {
  /** The blocks that are not empty. */
  readonly #blocks = new Set<Block>();
  /** The block that takes the next member. */
  #filling: Block = emptyBlock();

  get isEmpty(): boolean {
    return this.#blocks.size === 0;
  }

  add(member: W): void {
    if (this.#filling.members.length === BLOCK_MEMBERS) this.#filling = emptyBlock();
    const block = this.#filling;
    if (block.members.length === 0) this.#blocks.add(block);
    member.watchBlock = block;
    member.watchIndex = block.members.push(member) - 1;
    if (member.deadlineMs < block.nearestMs) block.nearestMs = member.deadlineMs;
  }

  /** Does nothing for a member that is not in the list. */
  remove(member: W): void {
    const { watchIndex } = member;
    const block = member.watchBlock as Block | null;
    if (block === null) return;
    member.watchBlock = null;
    // The last member takes the free place.
    const last = block.members.pop() as Watched;
    if (last !== member) {
      block.members[watchIndex] = last;
      last.watchIndex = watchIndex;
    }
    if (block.members.length > 0) return;
    block.nearestMs = Number.POSITIVE_INFINITY;
    this.#blocks.delete(block);
  }

  /**
   * Visits each member whose deadline is not after `untilMs`, and the other members of its block: all members for
   * infinity. `visit` may add members and remove any.
   */
  visitDue(untilMs: number, visit: (member: W) => void): void {
    for (const block of this.#blocks) {
      if (block.nearestMs > untilMs) continue;
      block.nearestMs = Number.POSITIVE_INFINITY;
      // From the end: a member that takes the place of a removed one has been visited.
      for (let index = block.members.length - 1; index >= 0; index--) {
        const member = block.members[index] as W | undefined;
        if (member === undefined) continue;
        visit(member);
        if (member.watchBlock === block) block.nearestMs = Math.min(block.nearestMs, member.deadlineMs);
      }
    }
  }
}

function emptyBlock(): Block {
  return { nearestMs: Number.POSITIVE_INFINITY, members: [] };
}

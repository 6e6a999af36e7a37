interface Group<T> {
  readonly items: T[];
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Commits items in groups, for peers that need batches to be fast: the items that are added during a commit form the
 * next group, which has one promise.
 *
 * If no commit is in flight, the group is committed at the end of the event loop's turn, with all items of that turn.
 */
export class GroupCommit<T> {
  readonly #commit: (items: readonly T[]) => Promise<void> | void;
  #next: Group<T> | null = null;
  #busy = false;

  constructor(commit: (items: readonly T[]) => Promise<void> | void) {
    this.#commit = commit;
  }

  /** Resolves when the group with the item is committed; rejects with the error of that commit. */
  add(item: T): Promise<void> {
    if (this.#next === null) {
      this.#next = newGroup();
      if (!this.#busy) this.#schedule();
    }
    this.#next.items.push(item);
    return this.#next.promise;
  }

  #schedule(): void {
    this.#busy = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    const group = this.#next;
    this.#next = null;
    if (group !== null) {
      try {
        await this.#commit(group.items);
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
    }
    if (this.#next === null) this.#busy = false;
    else this.#schedule();
  }
}

function newGroup<T>(): Group<T> {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { items: [], promise, resolve, reject };
}

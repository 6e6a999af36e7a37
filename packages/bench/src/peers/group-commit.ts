interface Waiting<T> {
  readonly items: T[];
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Batches for peers that are fast only with batches: what comes while one is being written makes up the next. One promise a batch.
 *
 * The first item of an idle group waits for the end of the event loop's turn, so that all that is asked in one turn goes together.
 */
export class GroupCommit<T> {
  readonly #commit: (items: readonly T[]) => Promise<void> | void;
  #gathering: Waiting<T> | null = null;
  #busy = false;

  constructor(commit: (items: readonly T[]) => Promise<void> | void) {
    this.#commit = commit;
  }

  /** Resolves when the batch with the item is written; rejects with what the batch failed with. */
  add(item: T): Promise<void> {
    if (this.#gathering === null) {
      this.#gathering = waiting();
      if (!this.#busy) this.#schedule();
    }
    this.#gathering.items.push(item);
    return this.#gathering.promise;
  }

  #schedule(): void {
    this.#busy = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    const group = this.#gathering;
    this.#gathering = null;
    if (group !== null) {
      try {
        await this.#commit(group.items);
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
    }
    if (this.#gathering === null) this.#busy = false;
    else this.#schedule();
  }
}

function waiting<T>(): Waiting<T> {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { items: [], promise, resolve, reject };
}

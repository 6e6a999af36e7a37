/**
 * Runs tasks concurrently, within a limit on their number and one on the bytes they hold. The next `add` or `settled`
 * throws the first failure, once, so no rejection stays unhandled.
 *
 * For one producer: at most one call of `add` or `settled` is pending at a time.
 */
export class InFlight {
  readonly #maxTasks: number;
  readonly #maxBytes: number;
  #tasks = 0;
  #bytes = 0;
  #failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => {};

  constructor(maxTasks: number, maxBytes: number) {
    this.#maxTasks = maxTasks;
    this.#maxBytes = maxBytes;
  }

  /** Resolves when the task has started. A task that is larger than the limit on bytes runs alone. */
  async add(bytes: number, work: () => Promise<void>): Promise<void> {
    while (this.#tasks > 0 && (this.#tasks >= this.#maxTasks || this.#bytes + bytes > this.#maxBytes))
      await this.#nextEnd();
    this.#throwFailure();
    void this.#run(bytes, work);
  }

  /** Resolves when no task runs. */
  async settled(): Promise<void> {
    while (this.#tasks > 0) await this.#nextEnd();
    this.#throwFailure();
  }

  async #run(bytes: number, work: () => Promise<void>): Promise<void> {
    this.#tasks++;
    this.#bytes += bytes;
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#tasks--;
      this.#bytes -= bytes;
      this.#wake();
    }
  }

  #nextEnd(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.error;
  }
}

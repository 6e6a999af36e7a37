/**
 * Runs tasks at the same time, bounded by their number and by the bytes they hold. The first failure is thrown by the next
 * `add`, or by `settled`, once: no task's rejection is ever left alone.
 *
 * For one producer: at most one `add` or `settled` waits at a time.
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

  /** Waits for room, then starts the task and returns without waiting for its end. A task larger than all room runs alone. */
  async add(bytes: number, work: () => Promise<void>): Promise<void> {
    while (this.#tasks > 0 && (this.#tasks >= this.#maxTasks || this.#bytes + bytes > this.#maxBytes))
      await this.#oneEnds();
    this.#throwFailure();
    void this.#run(bytes, work);
  }

  /** Waits until nothing runs any more. */
  async settled(): Promise<void> {
    while (this.#tasks > 0) await this.#oneEnds();
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

  #oneEnds(): Promise<void> {
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

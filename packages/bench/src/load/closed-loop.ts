/** One operation; `index` counts from 0. */
export type Operation = (index: number) => Promise<unknown>;

/** Called for each operation that succeeded, with the times (`now` of the loop) at which it began and ended. */
export type OnDone = (begunMs: number, endedMs: number) => void;

export interface ClosedLoopOptions {
  /** Operations in flight at a time: the end of one begins the next. */
  readonly inFlight: number;
  readonly operation: Operation;
  readonly onDone: OnDone;
  /** No operation begins at or after this time (`now`). Default: no limit. */
  readonly untilMs?: number;
  /** How many operations begin in all. Default: no limit. */
  readonly count?: number;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * Keeps a fixed number of operations in flight until the time or the count is reached. Resolves, when all have ended,
 * to how many were begun. After the first failure no operation begins; it rejects with that failure when the others
 * have ended.
 *
 * The callbacks of each of the `inFlight` slots are made once: the loop costs one reading of the clock and one `then`
 * for each operation.
 */
export function closedLoop(options: ClosedLoopOptions): Promise<number> {
  const { inFlight, operation, onDone, untilMs = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY } = options;
  const now = options.now ?? (() => performance.now());
  const begun = new Float64Array(inFlight);
  let next = 0;
  let running = 0;
  let failure: { readonly reason: unknown } | null = null;

  return new Promise((resolve, reject) => {
    const slots = Array.from({ length: inFlight }, (_, slot) => {
      const done = (): void => {
        const at = now();
        onDone(begun[slot] as number, at);
        running--;
        begin(slot, at);
      };
      const failed = (reason: unknown): void => {
        failure ??= { reason };
        running--;
        begin(slot, now());
      };
      return { done, failed };
    });

    function begin(slot: number, at: number): void {
      if (next >= count || at >= untilMs || failure !== null) {
        if (running > 0) return;
        if (failure === null) resolve(next);
        else reject(failure.reason);
        return;
      }
      begun[slot] = at;
      running++;
      const { done, failed } = slots[slot] as (typeof slots)[number];
      let promise: Promise<unknown>;
      try {
        promise = operation(next++);
      } catch (reason) {
        promise = Promise.reject(reason);
      }
      promise.then(done, failed);
    }

    const at = now();
    for (let slot = 0; slot < inFlight; slot++) begin(slot, at);
  });
}

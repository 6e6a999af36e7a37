/** What a driver calls for each operation; `index` counts from 0. */
export type Operation = (index: number) => Promise<unknown>;

/** Told of each operation that ended well: when it was begun, and when it ended (`now` of the loop). */
export type OnDone = (begunMs: number, endedMs: number) => void;

export interface ClosedLoopOptions {
  /** Operations under way at a time: each that ends begins the next. */
  readonly inFlight: number;
  readonly operation: Operation;
  readonly onDone: OnDone;
  /** Begin no more from this moment on (`now`). Default: never. */
  readonly untilMs?: number;
  /** Begin no more than so many. Default: no limit. */
  readonly count?: number;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * Keeps a fixed number of operations under way, until the time or the count is reached and all of them have ended. Resolves to how
 * many were begun. At the first that fails no more are begun; when the rest have ended, it rejects with what that one failed with.
 *
 * Each of the `inFlight` slots has its callbacks made once: for an operation the loop costs one call of the clock and one `then`.
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

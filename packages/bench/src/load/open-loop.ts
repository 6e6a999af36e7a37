import type { OnDone, Operation } from "./closed-loop.ts";

export interface OpenLoopOptions {
  /** Operations per second, evenly spaced. */
  readonly ratePerSecond: number;
  /** Operations in all. */
  readonly count: number;
  readonly operation: Operation;
  /** `begunMs` is when the operation was due: a latency includes the time that it was sent too late. */
  readonly onDone: OnDone;
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  /** Calls back after about a millisecond. Default: `setTimeout`. */
  readonly later?: (callback: () => void) => void;
}

/** The resolution of a timer. Each firing sends all operations that are due. */
const PUMP_MS = 1;
const MS_PER_SECOND = 1000;

/**
 * Sends operations at a steady rate, whether or not earlier ones have ended, as independent clients do. Resolves when
 * all have ended. After the first failure no operation is sent; it rejects with that failure when the others have
 * ended.
 */
export function openLoop(options: OpenLoopOptions): Promise<void> {
  const { ratePerSecond, count, operation, onDone } = options;
  const now = options.now ?? (() => performance.now());
  const later = options.later ?? ((callback) => void setTimeout(callback, PUMP_MS));
  const start = now();
  let next = 0;
  let ended = 0;
  let failure: { readonly reason: unknown } | null = null;

  return new Promise((resolve, reject) => {
    const finish = (): void => {
      if (failure === null ? ended < count : ended < next) return;
      if (failure === null) resolve();
      else reject(failure.reason);
    };
    const send = (index: number): void => {
      const intended = start + (index * MS_PER_SECOND) / ratePerSecond;
      operation(index).then(
        () => {
          ended++;
          onDone(intended, now());
          finish();
        },
        (reason) => {
          ended++;
          failure ??= { reason };
          finish();
        },
      );
    };
    const pump = (): void => {
      if (failure !== null) return;
      const due = Math.min(count, Math.floor(((now() - start) * ratePerSecond) / MS_PER_SECOND) + 1);
      while (next < due) send(next++);
      if (next < count) later(pump);
    };
    pump();
  });
}

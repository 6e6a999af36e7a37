import type { Children } from "./children.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** 128 + the number of SIGINT, as shells do. */
export const EXIT_INTERRUPTED = 128 + 2;

/** A signal ended the benchmark. */
export class InterruptedError extends Error {
  constructor(signal: string) {
    super(`interrupted by ${signal}`);
    this.name = "InterruptedError";
  }
}

/**
 * Returns an AbortSignal that aborts at SIGINT, SIGTERM or SIGHUP. The run in progress is killed, because it would take
 * seconds to end. Further signals have no effect: the benchmark removes its directories and ends.
 */
export function listenForInterrupts(children: Children): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      controller.abort(new InterruptedError(name));
      void children.end();
    });
  }
  return controller.signal;
}

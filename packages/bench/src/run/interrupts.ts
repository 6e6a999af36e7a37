import type { Children } from "./children.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a shell adds to a signal's number; SIGINT is 2. */
export const EXIT_INTERRUPTED = 128 + 2;

/** Why a benchmark ended early. */
export class InterruptedError extends Error {
  constructor(signal: string) {
    super(`interrupted by ${signal}`);
    this.name = "InterruptedError";
  }
}

/**
 * A signal that aborts when somebody wants the process to end; the run that is under way is killed then, since it would not let go for
 * seconds. Whoever listens tidies up and ends: more signals change nothing.
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

import { InterruptedError } from "./errors.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * A signal that aborts at the first SIGINT or SIGTERM, so that the command stops reading and shuts its spool down. Whoever
 * cannot wait for that sends a second one, which ends the process as if nobody had listened.
 */
export function listenForInterrupts(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) process.once(name, () => controller.abort(new InterruptedError(name)));
  return controller.signal;
}

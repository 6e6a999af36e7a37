import { InterruptedError } from "./errors.ts";
import type { HostProcess } from "./host-process.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Returns an AbortSignal that aborts at the first SIGINT or SIGTERM: the command stops reading and closes its spool.
 * The listeners are removed by then, so a second signal of the same kind ends the process at once.
 */
export function listenForInterrupts(host: HostProcess): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) host.once(name, () => controller.abort(new InterruptedError(name)));
  return controller.signal;
}

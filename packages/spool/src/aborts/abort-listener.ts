import { setMaxListeners } from "node:events";

/**
 * Listens for one abort, without a limit of listeners. An injector uses one signal for thousands of messages, and Node
 * warns of a leak from the eleventh listener on.
 */
export function listenForAbort(signal: AbortSignal, listener: () => void): void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
}

import { setMaxListeners } from "node:events";

/**
 * Listens for an abort, once. One signal for thousands of messages is what an injector that is told to stop uses, and no leak: Node
 * would warn of more than 10 listeners.
 */
export function listenForAbort(signal: AbortSignal, listener: () => void): void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", listener, { once: true });
}

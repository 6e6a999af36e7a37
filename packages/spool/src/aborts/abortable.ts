import { listenForAbort } from "./abort-listener.ts";

/**
 * Settles as the work does, or rejects with the signal's reason if that is aborted first. The work is not stopped by an
 * abort, and not begun after one.
 */
export async function abortable<T>(signal: AbortSignal | undefined, begin: () => Promise<T>): Promise<T> {
  if (signal === undefined) return begin();
  signal.throwIfAborted();
  const work = begin();
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    listenForAbort(signal, onAbort);
    const unlisten = (): void => signal.removeEventListener("abort", onAbort);
    work.then(unlisten, unlisten);
  });
  return Promise.race([work, aborted]);
}

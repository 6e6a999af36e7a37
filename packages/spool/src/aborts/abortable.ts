import { listenForAbort } from "./abort-listener.ts";

/**
 * Begins the work, unless the signal came before; its outcome, unless the signal comes first: then the signal's reason, while the
 * work goes on unseen.
 */
export async function abortable<T>(signal: AbortSignal | undefined, begin: () => Promise<T>): Promise<T> {
  if (signal === undefined) return begin();
  signal.throwIfAborted();
  const work = begin();
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(signal.reason);
    listenForAbort(signal, onAbort);
    const forget = (): void => signal.removeEventListener("abort", onAbort);
    work.then(forget, forget);
  });
  return Promise.race([work, aborted]);
}

import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

/**
 * No thread is stopped in the middle of a call to rocksdb-native. In a thread that is being stopped Node-API refuses what the addon
 * asks of it, and the addon does not look: it goes on with pointers that nobody has set, and the process dies of it, or worse. So
 * who stops a thread holds the calls first: those that run end, which takes microseconds, and those that come wait.
 */

const KEY = "rockspool: native calls";

/** Words of the memory that a main thread and its threads share. */
const HOLDERS = 0;
const RUNNING = 1;

/** A call takes microseconds: whatever runs for so long was stopped by somebody who did not hold it. */
const PATIENCE_MS = 1000;

let shared: Int32Array | null = null;

/** Makes the calls of all threads that are started from now on ones that can be held, and holds them when the process exits. */
export function shareNativeCalls(): void {
  if (shared !== null) return;
  shared = new Int32Array(new SharedArrayBuffer(8));
  setEnvironmentData(KEY, shared);
  // Node stops the threads after this, wherever they are.
  process.once("exit", () => holdNativeCalls());
}

/** When it returns no thread is in a call, and none enters one until it is released. */
export function holdNativeCalls(): () => void {
  const words = shared;
  if (words === null) return () => {};
  Atomics.add(words, HOLDERS, 1);
  const endMs = performance.now() + PATIENCE_MS;
  for (let running = 1; running > 0 && performance.now() < endMs; ) {
    running = Atomics.load(words, RUNNING);
    if (running > 0) Atomics.wait(words, RUNNING, running, 10);
  }
  return () => {
    Atomics.sub(words, HOLDERS, 1);
    Atomics.notify(words, HOLDERS);
  };
}

/** In a thread: has each function of the addon wait while calls are held. Costs 60 to 95 ns a call, of which a batch takes two. */
export function guardNativeCalls(addon: Record<string, unknown>): void {
  const words = getEnvironmentData(KEY) as unknown as Int32Array | undefined;
  // A main thread would wait for itself.
  if (isMainThread || words === undefined) return;
  for (const [name, call] of Object.entries(addon)) {
    if (typeof call !== "function") continue;
    addon[name] = (...given: unknown[]): unknown => {
      enter(words);
      try {
        return call(...given);
      } finally {
        leave(words);
      }
    };
  }
}

function enter(words: Int32Array): void {
  for (;;) {
    Atomics.add(words, RUNNING, 1);
    const holders = Atomics.load(words, HOLDERS);
    if (holders === 0) return;
    leave(words);
    Atomics.wait(words, HOLDERS, holders);
  }
}

function leave(words: Int32Array): void {
  Atomics.sub(words, RUNNING, 1);
  if (Atomics.load(words, HOLDERS) > 0) Atomics.notify(words, RUNNING);
}

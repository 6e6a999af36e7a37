import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from "node:worker_threads";

/**
 * Keeps a thread from being terminated inside a call to rocksdb-native. In a thread that is being terminated Node-API
 * calls fail, and the addon does not check: it goes on with uninitialized pointers, and the process crashes, or worse.
 * So the terminating thread first holds the other's native calls: the running call returns, which takes microseconds,
 * and the next one waits.
 */

const ENVIRONMENT_KEY = "rockspool: native calls";

/** One slot per thread, found by its id. Threads with the same slot are held together. */
const SLOTS = 256;
/** A cache line, so that threads do not slow each other. */
const SLOT_WORDS = 16;
/** Words of a slot: how many holds there are, and how many native calls are running. */
const HOLDERS = 0;
const RUNNING = 1;

/** Calls take microseconds; a longer one belongs to a thread terminated without a hold. */
const HOLD_TIMEOUT_MS = 1000;
/** How long a hold waits for a running call before it looks at the time again. */
const HOLD_WAIT_MS = 10;

let shared: Int32Array | null = null;

/**
 * Makes the native calls of all threads that start after this one holdable, and holds them all when the process exits.
 */
export function shareNativeCalls(): void {
  if (shared !== null) return;
  const words = new Int32Array(new SharedArrayBuffer(SLOTS * SLOT_WORDS * Int32Array.BYTES_PER_ELEMENT));
  shared = words;
  setEnvironmentData(ENVIRONMENT_KEY, words);
  // After the exit handlers Node terminates the threads, even in the middle of a native call.
  process.once("exit", () => hold(Array.from({ length: SLOTS }, (_, index) => slotOf(words, index))));
}

/**
 * After it returns the thread is in no native call, and it starts none until the returned function is called. Holds
 * nest. Gives up waiting for a running call after `HOLD_TIMEOUT_MS`.
 */
export function holdNativeCalls(threadId: number): () => void {
  return shared === null ? () => {} : hold([slotOf(shared, threadId)]);
}

function slotOf(words: Int32Array, threadId: number): Int32Array {
  const start = (threadId & (SLOTS - 1)) * SLOT_WORDS;
  return words.subarray(start, start + SLOT_WORDS);
}

function hold(slots: readonly Int32Array[]): () => void {
  for (const slot of slots) Atomics.add(slot, HOLDERS, 1);
  const endMs = performance.now() + HOLD_TIMEOUT_MS;
  for (const slot of slots) {
    for (let running = 1; running > 0 && performance.now() < endMs; ) {
      running = Atomics.load(slot, RUNNING);
      if (running > 0) Atomics.wait(slot, RUNNING, running, HOLD_WAIT_MS);
    }
  }
  return () => {
    for (const slot of slots) {
      Atomics.sub(slot, HOLDERS, 1);
      Atomics.notify(slot, HOLDERS);
    }
  };
}

/**
 * In a thread: makes each function of the addon wait while calls are held. Costs 60 to 95 ns a call; a batch makes two
 * calls.
 */
export function guardNativeCalls(addon: Record<string, unknown>): void {
  const words = getEnvironmentData(ENVIRONMENT_KEY) as unknown as Int32Array | undefined;
  // The main thread would wait for itself.
  if (isMainThread || words === undefined) return;
  const slot = slotOf(words, threadId);
  for (const [name, call] of Object.entries(addon)) {
    if (typeof call !== "function") continue;
    addon[name] = (...args: unknown[]): unknown => {
      enter(slot);
      try {
        return call(...args);
      } finally {
        leave(slot);
      }
    };
  }
}

/**
 * A call counts itself before it reads HOLDERS, and a hold counts itself before it reads RUNNING: at least one of the
 * two sees the other.
 */
function enter(slot: Int32Array): void {
  for (;;) {
    Atomics.add(slot, RUNNING, 1);
    const holders = Atomics.load(slot, HOLDERS);
    if (holders === 0) return;
    leave(slot);
    Atomics.wait(slot, HOLDERS, holders);
  }
}

function leave(slot: Int32Array): void {
  Atomics.sub(slot, RUNNING, 1);
  if (Atomics.load(slot, HOLDERS) > 0) Atomics.notify(slot, RUNNING);
}

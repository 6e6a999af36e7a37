import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from "node:worker_threads";

/**
 * No thread is stopped in the middle of a call to rocksdb-native. In a thread that is being stopped Node-API refuses what the addon
 * asks of it, and the addon does not look: it goes on with pointers that nobody has set, and the process dies of it, or worse. So
 * who stops a thread holds the calls first: those that run end, which takes microseconds, and those that come wait.
 */

const KEY = "rockspool: native calls";

/** Threads have a slot each, by their id; two with the same one are held together. A cache line each: no shard slows another. */
const SLOTS = 256;
const SLOT_WORDS = 16;
/** Words of a slot. */
const HOLDERS = 0;
const RUNNING = 1;

/** A call takes microseconds: whatever runs for so long was stopped by somebody who did not hold it. */
const PATIENCE_MS = 1000;

let shared: Int32Array | null = null;

/** Makes the calls of all threads that are started from now on ones that can be held, and holds them when the process exits. */
export function shareNativeCalls(): void {
  if (shared !== null) return;
  const words = new Int32Array(new SharedArrayBuffer(SLOTS * SLOT_WORDS * Int32Array.BYTES_PER_ELEMENT));
  shared = words;
  setEnvironmentData(KEY, words);
  // Node stops the threads after this, wherever they are.
  process.once("exit", () => hold(Array.from({ length: SLOTS }, (_, index) => slotOf(words, index))));
}

/** When it returns the thread is in no call, and enters none until it is released. */
export function holdNativeCalls(threadId: number): () => void {
  return shared === null ? () => {} : hold([slotOf(shared, threadId)]);
}

function slotOf(words: Int32Array, threadId: number): Int32Array {
  const start = (threadId & (SLOTS - 1)) * SLOT_WORDS;
  return words.subarray(start, start + SLOT_WORDS);
}

function hold(slots: readonly Int32Array[]): () => void {
  for (const slot of slots) Atomics.add(slot, HOLDERS, 1);
  const endMs = performance.now() + PATIENCE_MS;
  for (const slot of slots) {
    for (let running = 1; running > 0 && performance.now() < endMs; ) {
      running = Atomics.load(slot, RUNNING);
      if (running > 0) Atomics.wait(slot, RUNNING, running, 10);
    }
  }
  return () => {
    for (const slot of slots) {
      Atomics.sub(slot, HOLDERS, 1);
      Atomics.notify(slot, HOLDERS);
    }
  };
}

/** In a thread: has each function of the addon wait while calls are held. Costs 60 to 95 ns a call, of which a batch takes two. */
export function guardNativeCalls(addon: Record<string, unknown>): void {
  const words = getEnvironmentData(KEY) as unknown as Int32Array | undefined;
  // A main thread would wait for itself.
  if (isMainThread || words === undefined) return;
  const slot = slotOf(words, threadId);
  for (const [name, call] of Object.entries(addon)) {
    if (typeof call !== "function") continue;
    addon[name] = (...given: unknown[]): unknown => {
      enter(slot);
      try {
        return call(...given);
      } finally {
        leave(slot);
      }
    };
  }
}

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

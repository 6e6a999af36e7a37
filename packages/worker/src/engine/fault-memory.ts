import type { EngineErrorKind } from "@rockspool/core";

/**
 * The memory through which a test commands the faults of an engine that lives on another thread: what is stored here is in force
 * when the call returns, however busy that thread is, and stays so when the thread dies and another takes its place. This file
 * owns the layout. Per shard a header, then slots with one fault each:
 *
 * | word of the header | what                                       | written by    |
 * |--------------------|--------------------------------------------|---------------|
 * | 0                  | id of the thread that serves the shard     | shard thread  |
 * | 1                  | background errors to report on top         | both sides    |
 * | 2                  | changes: rises with each fault set or taken back, wakes who waits for one | main thread |
 *
 * | word of a slot | what                                                       | written by                          |
 * |----------------|------------------------------------------------------------|-------------------------------------|
 * | 0              | the fault's serial number, 0: free                         | main thread                         |
 * | 1              | calls to let through first                                 | main thread, then the shard thread  |
 * | 2              | calls to hit, -1: all                                      | main thread, then the shard thread  |
 * | 3              | calls hit so far                                           | shard thread                        |
 * | 4              | length of the plan in bytes; the plan follows, as JSON     | main thread                         |
 *
 * The serial number is stored last, so whoever sees one sees the whole fault.
 */
const SLOTS = 32;
const SLOT_BYTES = 512;
const STRIDE_BYTES = (SLOTS + 1) * SLOT_BYTES;
const SLOT_WORDS = SLOT_BYTES / 4;
const [THREAD, BACKGROUND_ERRORS, CHANGES] = [0, 1, 2];
const [SERIAL, SKIP, TIMES, HITS, LENGTH] = [0, 1, 2, 3, 4];
const PLAN_OFFSET_BYTES = 5 * 4;

/** Where a fault can be met; `now`: as soon as the shard's thread gets to it. */
export type FaultPoint =
  | "now"
  | "open"
  | "admission"
  | "write"
  | "sync"
  | "read"
  | "enumerate"
  | "flush"
  | "compact"
  | "close";

export interface FaultError {
  readonly kind: EngineErrorKind | null;
  readonly code: string | null;
  readonly message: string;
}

/** What happens to a call that meets a fault; `late`: the engine has done its work by then. */
export type FaultPlan = { readonly at: FaultPoint; readonly late: boolean } & (
  | { readonly does: "stall" }
  /** Holds the whole thread. */
  | { readonly does: "hang" }
  | { readonly does: "fail"; readonly error: FaultError }
  | { readonly does: "exit"; readonly exitCode: number }
  | { readonly does: "throw"; readonly message: string }
);

export interface FaultCalls {
  /** Calls to let through first. */
  readonly after: number;
  /** Calls to hit then; `Infinity`: all. */
  readonly times: number;
}

/** A fault, as the shard's thread meets it. */
export type MetFault = FaultPlan & { readonly slot: number; readonly serial: number };

export function createFaultMemory(shards: number): SharedArrayBuffer {
  return new SharedArrayBuffer(shards * STRIDE_BYTES);
}

/** One shard's part, from either side. */
export class FaultMemory {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  #serials = 0;

  constructor(memory: SharedArrayBuffer, shard: number) {
    const start = shard * STRIDE_BYTES;
    this.#words = new Int32Array(memory, start, STRIDE_BYTES / 4);
    this.#bytes = new Uint8Array(memory, start, STRIDE_BYTES);
  }

  get threadId(): number {
    return Atomics.load(this.#words, THREAD);
  }

  set threadId(id: number) {
    Atomics.store(this.#words, THREAD, id);
  }

  get backgroundErrors(): number {
    return Atomics.load(this.#words, BACKGROUND_ERRORS);
  }

  set backgroundErrors(count: number) {
    Atomics.store(this.#words, BACKGROUND_ERRORS, count);
  }

  get changes(): number {
    return Atomics.load(this.#words, CHANGES);
  }

  /** Main thread: in force when this returns. The slot that holds it. */
  set(plan: FaultPlan, { after, times }: FaultCalls): number {
    const words = this.#words;
    const slot = Array.from({ length: SLOTS }, (_, i) => (i + 1) * SLOT_WORDS).find((at) => words[at + SERIAL] === 0);
    if (slot === undefined) throw new Error(`a shard has ${SLOTS} faults at most: take some of them back`);
    const text = new TextEncoder().encode(JSON.stringify(plan));
    if (PLAN_OFFSET_BYTES + text.byteLength > SLOT_BYTES) throw new Error("the fault's message is too long");
    this.#bytes.set(text, slot * 4 + PLAN_OFFSET_BYTES);
    words[slot + SKIP] = after;
    words[slot + TIMES] = times === Number.POSITIVE_INFINITY ? -1 : times;
    words[slot + HITS] = 0;
    words[slot + LENGTH] = text.byteLength;
    Atomics.store(words, slot + SERIAL, ++this.#serials);
    this.#changed();
    return slot;
  }

  /** Main thread: takes the fault back, and lets go of what it holds. */
  release(slot: number): void {
    Atomics.store(this.#words, slot + SERIAL, 0);
    Atomics.notify(this.#words, slot + SERIAL);
    Atomics.notify(this.#words, slot + HITS);
    this.#changed();
  }

  hits(slot: number): number {
    return Atomics.load(this.#words, slot + HITS);
  }

  /** Resolves when the count of hits may be another than `seen`. */
  async moreHits(slot: number, seen: number): Promise<void> {
    await Atomics.waitAsync(this.#words, slot + HITS, seen).value;
  }

  /** Shard thread: the faults that a call meets at `point`, each counted as a hit. */
  *meet(point: FaultPoint): Generator<MetFault> {
    const words = this.#words;
    for (let slot = SLOT_WORDS; slot < words.length; slot += SLOT_WORDS) {
      const serial = Atomics.load(words, slot + SERIAL);
      if (serial === 0) continue;
      const plan = this.#plan(slot);
      if (plan.at !== point || !countDown(words, slot)) continue;
      Atomics.add(words, slot + HITS, 1);
      Atomics.notify(words, slot + HITS);
      yield { ...plan, slot, serial };
    }
  }

  /** Shard thread: whether a fault is set at `point`; counts nothing. */
  has(point: FaultPoint): boolean {
    const words = this.#words;
    for (let slot = SLOT_WORDS; slot < words.length; slot += SLOT_WORDS) {
      if (Atomics.load(words, slot + SERIAL) !== 0 && this.#plan(slot).at === point) return true;
    }
    return false;
  }

  /** Shard thread: resolves when the fault is taken back. */
  async released({ slot, serial }: MetFault): Promise<void> {
    await Atomics.waitAsync(this.#words, slot + SERIAL, serial).value;
  }

  /** The same, and nothing else happens on this thread meanwhile. */
  hangUntilReleased({ slot, serial }: MetFault): void {
    Atomics.wait(this.#words, slot + SERIAL, serial);
  }

  /** Shard thread: resolves when there are more changes than `seen`, or at `wake`. */
  async change(seen: number): Promise<void> {
    await Atomics.waitAsync(this.#words, CHANGES, seen).value;
  }

  wake(): void {
    Atomics.notify(this.#words, CHANGES);
  }

  #changed(): void {
    Atomics.add(this.#words, CHANGES, 1);
    this.wake();
  }

  #plan(slot: number): FaultPlan {
    const start = slot * 4 + PLAN_OFFSET_BYTES;
    // TextDecoder refuses shared memory, hence the copy.
    const text = this.#bytes.slice(start, start + Atomics.load(this.#words, slot + LENGTH));
    return JSON.parse(new TextDecoder().decode(text)) as FaultPlan;
  }
}

/** Whether this call is one of those to hit. */
function countDown(words: Int32Array, slot: number): boolean {
  if (Atomics.load(words, slot + SKIP) > 0) {
    Atomics.sub(words, slot + SKIP, 1);
    return false;
  }
  const times = Atomics.load(words, slot + TIMES);
  if (times > 0) Atomics.sub(words, slot + TIMES, 1);
  return times !== 0;
}

import type { EngineErrorKind } from "@rockspool/core";

/**
 * The memory in which a test sets faults of an engine on another thread. A fault is in force as soon as the call that
 * sets it returns, even if that thread is busy, and stays in force when the thread dies and another takes its place.
 * This file owns the layout. Each shard has a header, followed by slots of one fault each:
 *
 * | word of the header | content                                    | written by    |
 * |--------------------|--------------------------------------------|---------------|
 * | 0                  | id of the thread that serves the shard     | shard thread  |
 * | 1                  | background errors to add to RocksDB's      | both sides    |
 * | 2                  | number of changes: rises and is notified when a fault is set or released | main thread |
 *
 * | word of a slot | content                                                    | written by                          |
 * |----------------|------------------------------------------------------------|-------------------------------------|
 * | 0              | the fault's serial number, 0: the slot is free             | main thread                         |
 * | 1              | calls still to let through                                 | main thread, then the shard thread  |
 * | 2              | calls still to hit, -1: all                                | main thread, then the shard thread  |
 * | 3              | calls hit so far                                           | shard thread                        |
 * | 4              | length of the plan in bytes; the plan follows, as JSON     | main thread                         |
 *
 * The serial number is stored last, so a reader that sees it sees the whole fault.
 */
const SLOTS = 32;
const SLOT_BYTES = 512;
const STRIDE_BYTES = (SLOTS + 1) * SLOT_BYTES;
const SLOT_WORDS = SLOT_BYTES / 4;
const [THREAD, BACKGROUND_ERRORS, CHANGES] = [0, 1, 2];
const [SERIAL, SKIP, TIMES, HITS, LENGTH] = [0, 1, 2, 3, 4];
const PLAN_OFFSET_BYTES = 5 * 4;

/**
 * The call that meets a fault. `now`: no call, the shard's thread meets it at once. `admission`: the check for a stall.
 */
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

/** The effect of a fault on a call. `late`: it takes effect after the engine has done its work. */
export type FaultPlan = { readonly at: FaultPoint; readonly late: boolean } & (
  | { readonly does: "stall" }
  /** Blocks the whole thread. */
  | { readonly does: "hang" }
  | { readonly does: "fail"; readonly error: FaultError }
  | { readonly does: "exit"; readonly exitCode: number }
  | { readonly does: "throw"; readonly message: string }
);

export interface FaultCalls {
  /** Calls to let through first. */
  readonly after: number;
  /** Calls to hit after those; `Infinity`: all. */
  readonly times: number;
}

/** A fault that a call has met. */
export type MetFault = FaultPlan & { readonly slot: number; readonly serial: number };

export function createFaultMemory(shards: number): SharedArrayBuffer {
  return new SharedArrayBuffer(shards * STRIDE_BYTES);
}

/** One shard's part of the memory, for both sides. */
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

  /** Main thread: sets a fault, and returns its slot. */
  set(plan: FaultPlan, { after, times }: FaultCalls): number {
    const words = this.#words;
    const slot = Array.from({ length: SLOTS }, (_, i) => (i + 1) * SLOT_WORDS).find((at) => words[at + SERIAL] === 0);
    if (slot === undefined) throw new Error(`a shard has ${SLOTS} faults at most: release some of them`);
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

  /** Main thread: removes the fault, and lets the calls that it holds go on. */
  release(slot: number): void {
    Atomics.store(this.#words, slot + SERIAL, 0);
    Atomics.notify(this.#words, slot + SERIAL);
    Atomics.notify(this.#words, slot + HITS);
    this.#changed();
  }

  hits(slot: number): number {
    return Atomics.load(this.#words, slot + HITS);
  }

  /** Resolves when the number of hits may differ from `seen`. */
  async moreHits(slot: number, seen: number): Promise<void> {
    await Atomics.waitAsync(this.#words, slot + HITS, seen).value;
  }

  /** Shard thread: the faults that a call at `point` meets. Each counts a hit. */
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

  /** Shard thread: whether a fault is set at `point`. Counts no hit. */
  has(point: FaultPoint): boolean {
    const words = this.#words;
    for (let slot = SLOT_WORDS; slot < words.length; slot += SLOT_WORDS) {
      if (Atomics.load(words, slot + SERIAL) !== 0 && this.#plan(slot).at === point) return true;
    }
    return false;
  }

  /** Shard thread: resolves when the fault is released. */
  async released({ slot, serial }: MetFault): Promise<void> {
    await Atomics.waitAsync(this.#words, slot + SERIAL, serial).value;
  }

  /** Shard thread: blocks it until the fault is released. */
  hangUntilReleased({ slot, serial }: MetFault): void {
    Atomics.wait(this.#words, slot + SERIAL, serial);
  }

  /** Shard thread: resolves when the number of changes differs from `seen`, or at `wake`. */
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
    // A copy: TextDecoder rejects shared memory.
    const text = this.#bytes.slice(start, start + Atomics.load(this.#words, slot + LENGTH));
    return JSON.parse(new TextDecoder().decode(text)) as FaultPlan;
  }
}

/** Counts the call, and returns whether the fault hits it. */
function countDown(words: Int32Array, slot: number): boolean {
  if (Atomics.load(words, slot + SKIP) > 0) {
    Atomics.sub(words, slot + SKIP, 1);
    return false;
  }
  const times = Atomics.load(words, slot + TIMES);
  if (times > 0) Atomics.sub(words, slot + TIMES, 1);
  return times !== 0;
}

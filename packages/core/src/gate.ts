import { DURATION_BOUNDS_SECONDS, Histogram, histogramSlots } from "./histogram.ts";
import { LATCH_KINDS, type LatchKind, UNLATCH_KINDS, type UnlatchKind } from "./latch-kind.ts";

/**
 * The gate: the one piece of memory that the main thread and the shards' threads share. This file owns its layout; nobody
 * else writes an index. Per shard, 1 KiB (16 cache lines, so that neighbours never share one):
 *
 * | bytes   | what                                              | written by                                          |
 * |---------|---------------------------------------------------|-----------------------------------------------------|
 * | 0       | latched: 0 open, 1 latched (int32)                | whoever latches (exchange); main thread clears      |
 * | 4       | foreground errors (int32)                         | both sides add; main thread exchanges               |
 * | 8       | heartbeat (int32, wraps)                          | shard thread                                        |
 * | 12      | length of the reason in bytes (int32)             | whoever won the exchange on `latched`               |
 * | 16      | latched at, epoch ms (float64)                    | whoever won the exchange on `latched`               |
 * | 24      | the sample's figures (float64 each)               | shard thread, once a monitor tick                   |
 * | 104     | batch sizes: a histogram (float64 each)           | shard thread                                        |
 * | 200     | WAL sync durations: a histogram (float64 each)    | shard thread                                        |
 * | 640     | latches and unlatches of each kind (int32 each)   | whoever made the transition adds                    |
 * | 680     | kind of the latch (int32, from 1; 0 while open)   | whoever won the exchange on `latched`               |
 * | 704     | the reason, UTF-8                                 | whoever won the exchange on `latched`               |
 *
 * Why the order is right: `latched` is exchanged first, because refusing writers at once matters more than saying why; the
 * reason's length is stored last, so a reader that sees a length sees kind and text whole. `clear` takes the length away before
 * it opens the gate, so a text never belongs to another latch; it looks at the errors again afterwards. A reader of the figures
 * may see two ticks mixed; they are gauges. The memory outlives a shard's thread, so counts go on where a dead one left them.
 */

const STRIDE_BYTES = 1024;
const LATCHED = 0;
const FOREGROUND_ERRORS = 1;
const HEARTBEAT = 2;
/** Its bytes and one more; 0 until it is there. */
const REASON_LENGTH = 3;
const LATCHED_AT = 16 / 8;
const SAMPLE = 24 / 8;
const BATCH_SIZES_BYTES = 104;
const SYNC_SECONDS_BYTES = 200;
const TRANSITIONS = 640 / 4;
const KIND = 680 / 4;
const REASON_OFFSET_BYTES = 704;
const MAX_REASON_BYTES = STRIDE_BYTES - REASON_OFFSET_BYTES;

/** A latch and its reason are microseconds apart, unless the thread is put aside or dies between them. */
const REASON_WAIT_MS = 10;

/** RocksDB's figures, in the order of their slots. */
export const SAMPLE_FIELDS = [
  "memTableTotal",
  "memTableUnflushed",
  "memTableReadersTotal",
  "cacheTotal",
  "backgroundErrors",
  "writeStopped",
  "numRunningCompactions",
  "compactionPending",
  "estimatePendingCompactionBytes",
  "actualDelayedWriteRate",
] as const;

export type Sample = Record<(typeof SAMPLE_FIELDS)[number], number>;

const TRANSITION_KINDS: readonly (LatchKind | UnlatchKind)[] = [...LATCH_KINDS, ...UNLATCH_KINDS];

/** A batch holds what two frames of 256 records do. */
const BATCH_SIZE_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const;

/** Each part of the layout: where it begins, how long it is. What follows must begin behind it. */
const PARTS = [
  [SAMPLE * 8, SAMPLE_FIELDS.length * 8],
  [BATCH_SIZES_BYTES, histogramSlots(BATCH_SIZE_BOUNDS) * 8],
  [SYNC_SECONDS_BYTES, histogramSlots(DURATION_BOUNDS_SECONDS) * 8],
  [TRANSITIONS * 4, TRANSITION_KINDS.length * 4],
  [KIND * 4, 4],
  [REASON_OFFSET_BYTES, MAX_REASON_BYTES],
] as const;
PARTS.forEach(([start, length], i) => {
  if (start + length > (PARTS[i + 1]?.[0] ?? STRIDE_BYTES)) throw new Error(`the gate's part at ${start} is too long`);
});

export function createGateMemory(shards: number): SharedArrayBuffer {
  return new SharedArrayBuffer(shards * STRIDE_BYTES);
}

/** One shard's part of the gate, from either side. */
export class ShardGate {
  /** Records of each batch that RocksDB took. Only the shard's thread adds. */
  readonly batchSizes: Histogram;
  /** How long each WAL sync that went well took, in seconds. Only the shard's thread adds. */
  readonly syncSeconds: Histogram;
  readonly #words: Int32Array;
  readonly #figures: Float64Array;
  readonly #reason: Uint8Array;

  constructor(memory: SharedArrayBuffer, shard: number) {
    const start = shard * STRIDE_BYTES;
    const histogram = (offset: number, bounds: readonly number[]): Histogram =>
      new Histogram(bounds, new Float64Array(memory, start + offset, histogramSlots(bounds)));
    this.batchSizes = histogram(BATCH_SIZES_BYTES, BATCH_SIZE_BOUNDS);
    this.syncSeconds = histogram(SYNC_SECONDS_BYTES, DURATION_BOUNDS_SECONDS);
    this.#words = new Int32Array(memory, start, REASON_OFFSET_BYTES / 4);
    this.#figures = new Float64Array(memory, start, REASON_OFFSET_BYTES / 8);
    this.#reason = new Uint8Array(memory, start + REASON_OFFSET_BYTES, MAX_REASON_BYTES);
  }

  get latched(): boolean {
    return Atomics.load(this.#words, LATCHED) !== 0;
  }

  /** Latches, seen by every thread at once. True for the one call that made the transition; the first reason stays. */
  latch(reason: string, nowMs: number, kind: LatchKind): boolean {
    if (!this.#latch(reason, nowMs, kind)) return false;
    this.#count(kind);
    return true;
  }

  #latch(reason: string, nowMs: number, kind: LatchKind): boolean {
    if (Atomics.exchange(this.#words, LATCHED, 1) !== 0) return false;
    this.#figures[LATCHED_AT] = nowMs;
    this.#words[KIND] = 1 + LATCH_KINDS.indexOf(kind);
    // encodeInto fills what fits and never splits a character; it refuses shared memory, hence the copy.
    const text = new Uint8Array(MAX_REASON_BYTES);
    const { written } = new TextEncoder().encodeInto(reason, text);
    this.#reason.set(text);
    Atomics.store(this.#words, REASON_LENGTH, written + 1);
    Atomics.notify(this.#words, REASON_LENGTH);
    return true;
  }

  /**
   * Opens the gate again, and sets the foreground errors to 0, if none came since `foregroundErrors` were seen. Only the main
   * thread does this. False where an error came meanwhile: then the gate is latched, as that error left it.
   */
  clear(foregroundErrors: number, kind: UnlatchKind): boolean {
    const words = this.#words;
    if (Atomics.compareExchange(words, FOREGROUND_ERRORS, foregroundErrors, 0) !== foregroundErrors) return false;
    Atomics.store(words, REASON_LENGTH, 0);
    words[KIND] = 0;
    Atomics.store(words, LATCHED, 0);
    // A fatal error between the two found the gate latched still and did not latch it: it is counted all the same.
    if (this.foregroundErrors === 0) {
      this.#count(kind);
      return true;
    }
    // The latch goes on: no new transition, unless the other thread has counted one, to which this opening belongs.
    if (!this.#latch("an error came while the gate was being opened", Date.now(), "errors")) this.#count(kind);
    return false;
  }

  /** How often the gate has latched or opened for such a reason. */
  transitions(kind: LatchKind | UnlatchKind): number {
    return Atomics.load(this.#words, TRANSITIONS + TRANSITION_KINDS.indexOf(kind));
  }

  #count(kind: LatchKind | UnlatchKind): void {
    Atomics.add(this.#words, TRANSITIONS + TRANSITION_KINDS.indexOf(kind), 1);
  }

  /** What kind of reason it is latched for; null while it is open. */
  get kind(): LatchKind | null {
    return this.latched ? (LATCH_KINDS[(this.#words[KIND] as number) - 1] ?? null) : null;
  }

  /**
   * Why it is latched; null while it is open. Whoever latches it does that first and says why then: this waits for it, so ask for
   * the reason before time and kind.
   */
  get reason(): string | null {
    if (!this.latched) return null;
    Atomics.wait(this.#words, REASON_LENGTH, 0, REASON_WAIT_MS);
    const length = Math.max(0, Atomics.load(this.#words, REASON_LENGTH) - 1);
    return new TextDecoder().decode(this.#reason.slice(0, length));
  }

  /** Epoch milliseconds; null while it is open. */
  get latchedAtMs(): number | null {
    return this.latched ? (this.#figures[LATCHED_AT] ?? null) : null;
  }

  countForegroundError(): void {
    Atomics.add(this.#words, FOREGROUND_ERRORS, 1);
  }

  get foregroundErrors(): number {
    return Atomics.load(this.#words, FOREGROUND_ERRORS);
  }

  beat(): void {
    Atomics.add(this.#words, HEARTBEAT, 1);
  }

  get heartbeat(): number {
    return Atomics.load(this.#words, HEARTBEAT);
  }

  writeSample(sample: Sample): void {
    SAMPLE_FIELDS.forEach((field, i) => {
      this.#figures[SAMPLE + i] = sample[field];
    });
  }

  readSample(): Sample {
    const sample = {} as Sample;
    SAMPLE_FIELDS.forEach((field, i) => {
      sample[field] = this.#figures[SAMPLE + i] ?? 0;
    });
    return sample;
  }
}

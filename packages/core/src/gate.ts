/**
 * The gate: the one piece of memory that the main thread and the shards' threads share. This file owns its layout; nobody
 * else writes an index. Per shard, 512 bytes (8 cache lines, so that neighbours never share one):
 *
 * | bytes   | what                                              | written by                                          |
 * |---------|---------------------------------------------------|-----------------------------------------------------|
 * | 0       | latched: 0 open, 1 latched (int32)                | whoever latches (exchange); main thread clears      |
 * | 4       | foreground errors (int32)                         | both sides add; main thread exchanges               |
 * | 8       | heartbeat (int32, wraps)                          | shard thread                                        |
 * | 12      | length of the reason in bytes (int32)             | whoever won the exchange on `latched`               |
 * | 16      | latched at, epoch ms (float64)                    | whoever won the exchange on `latched`               |
 * | 24      | the sample's figures (float64 each)               | shard thread, once a monitor tick                   |
 * | 192     | the reason, UTF-8                                 | whoever won the exchange on `latched`               |
 *
 * Why the order is right: `latched` is exchanged first, because refusing writers at once matters more than saying why; the
 * reason's length is stored last, so a reader that sees a length sees the whole text. `clear` takes the length away before
 * it opens the gate, so a text never belongs to another latch; it looks at the errors again afterwards. A reader of the figures may see two ticks mixed; they are gauges.
 */

const STRIDE_BYTES = 512;
const LATCHED = 0;
const FOREGROUND_ERRORS = 1;
const HEARTBEAT = 2;
const REASON_LENGTH = 3;
const LATCHED_AT = 16 / 8;
const SAMPLE = 24 / 8;
const REASON_OFFSET_BYTES = 192;
const MAX_REASON_BYTES = STRIDE_BYTES - REASON_OFFSET_BYTES;

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

if ((SAMPLE + SAMPLE_FIELDS.length) * 8 > REASON_OFFSET_BYTES) throw new Error("the sample runs into the reason");

export function createGateMemory(shards: number): SharedArrayBuffer {
  return new SharedArrayBuffer(shards * STRIDE_BYTES);
}

/** One shard's part of the gate, from either side. */
export class ShardGate {
  readonly #words: Int32Array;
  readonly #figures: Float64Array;
  readonly #reason: Uint8Array;

  constructor(memory: SharedArrayBuffer, shard: number) {
    const start = shard * STRIDE_BYTES;
    this.#words = new Int32Array(memory, start, REASON_LENGTH + 1);
    this.#figures = new Float64Array(memory, start, REASON_OFFSET_BYTES / 8);
    this.#reason = new Uint8Array(memory, start + REASON_OFFSET_BYTES, MAX_REASON_BYTES);
  }

  get latched(): boolean {
    return Atomics.load(this.#words, LATCHED) !== 0;
  }

  /** Latches, seen by every thread at once. True for the one call that made the transition; the first reason stays. */
  latch(reason: string, nowMs: number): boolean {
    if (Atomics.exchange(this.#words, LATCHED, 1) !== 0) return false;
    this.#figures[LATCHED_AT] = nowMs;
    // encodeInto fills what fits and never splits a character; it refuses shared memory, hence the copy.
    const text = new Uint8Array(MAX_REASON_BYTES);
    const { written } = new TextEncoder().encodeInto(reason, text);
    this.#reason.set(text);
    Atomics.store(this.#words, REASON_LENGTH, written);
    return true;
  }

  /**
   * Opens the gate again, and sets the foreground errors to 0, if none came since `foregroundErrors` were seen. Only the main
   * thread does this. False where an error came meanwhile: then the gate is latched, as that error left it.
   */
  clear(foregroundErrors: number): boolean {
    const words = this.#words;
    if (Atomics.compareExchange(words, FOREGROUND_ERRORS, foregroundErrors, 0) !== foregroundErrors) return false;
    Atomics.store(words, REASON_LENGTH, 0);
    Atomics.store(words, LATCHED, 0);
    // A fatal error between the two found the gate latched still and did not latch it: it is counted all the same.
    if (this.foregroundErrors === 0) return true;
    this.latch("an error came while the gate was being opened", Date.now());
    return false;
  }

  /** Why it is latched; null while it is open. */
  get reason(): string | null {
    if (!this.latched) return null;
    const length = Atomics.load(this.#words, REASON_LENGTH);
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

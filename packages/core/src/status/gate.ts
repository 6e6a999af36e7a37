import { LATCH_KINDS, type LatchKind, type UnlatchKind } from "./latch-kind.ts";
import { BLOCK_BYTES, Double, MAX_REASON_BYTES, REASON_OFFSET_BYTES, TRANSITION_KINDS, Word } from "./layout.ts";

/** Why and since when a gate is latched. */
export interface Latch {
  readonly kind: LatchKind;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/**
 * One shard's load-shedding gate in shared memory. While it is latched, stores and removes are refused.
 *
 * The order of the accesses: `latch` sets the latched word first, because refusing writes at once matters more than the
 * reason. It stores the reason's length last, so a reader that sees a length also sees kind, time and text. `clear`
 * resets the length before it opens the gate, so no reason is shown for a later latch; then it reads the error count
 * once more.
 */
export class ShardGate {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #reason: Uint8Array;

  constructor(memory: SharedArrayBuffer, shard: number) {
    const start = shard * BLOCK_BYTES;
    this.#words = new Int32Array(memory, start, REASON_OFFSET_BYTES / 4);
    this.#doubles = new Float64Array(memory, start, REASON_OFFSET_BYTES / 8);
    this.#reason = new Uint8Array(memory, start + REASON_OFFSET_BYTES, MAX_REASON_BYTES);
  }

  get latched(): boolean {
    return Atomics.load(this.#words, Word.Latched) !== 0;
  }

  /** Latches the gate for all threads at once. False if it is latched already: the first reason stays. */
  latch(reason: string, nowMs: number, kind: LatchKind): boolean {
    if (!this.#latch(reason, nowMs, kind)) return false;
    this.#count(kind);
    return true;
  }

  #latch(reason: string, nowMs: number, kind: LatchKind): boolean {
    if (Atomics.exchange(this.#words, Word.Latched, 1) !== 0) return false;
    this.#storeReason(reason, nowMs, kind);
    return true;
  }

  #storeReason(reason: string, nowMs: number, kind: LatchKind): void {
    this.#doubles[Double.LatchedAt] = nowMs;
    this.#words[Word.Kind] = 1 + LATCH_KINDS.indexOf(kind);
    // encodeInto fills what fits and never splits a character; it refuses shared memory, hence the copy.
    const text = new Uint8Array(MAX_REASON_BYTES);
    const { written } = new TextEncoder().encodeInto(reason, text);
    this.#reason.set(text);
    Atomics.store(this.#words, Word.ReasonLength, written + 1);
  }

  /**
   * Stores a reason if the thread that latched died before it stored its own. For the main thread, after that death.
   */
  explain(reason: string, nowMs: number, kind: LatchKind): void {
    if (!this.latched || Atomics.load(this.#words, Word.ReasonLength) !== 0) return;
    this.#storeReason(reason, nowMs, kind);
    this.#count(kind);
  }

  /**
   * Opens the gate and resets the foreground errors, unless their number has changed from `foregroundErrors`. Only for
   * the main thread. False if an error came before the gate was open: then it stays latched.
   */
  clear(foregroundErrors: number, kind: UnlatchKind): boolean {
    const words = this.#words;
    if (Atomics.compareExchange(words, Word.ForegroundErrors, foregroundErrors, 0) !== foregroundErrors) return false;
    Atomics.store(words, Word.ReasonLength, 0);
    words[Word.Kind] = 0;
    Atomics.store(words, Word.Latched, 0);
    // A fatal error since the exchange may have found the gate still latched, so its own latch did nothing: look again.
    if (this.foregroundErrors === 0) {
      this.#count(kind);
      return true;
    }
    // The latch goes on and no transition is counted. But if the error's thread latched the open gate, it has counted
    // that latch, so this opening counts too.
    if (!this.#latch("an error came while the gate was being opened", Date.now(), "errors")) this.#count(kind);
    return false;
  }

  /** How often the gate has latched or opened for this kind of reason. */
  transitions(kind: LatchKind | UnlatchKind): number {
    return Atomics.load(this.#words, Word.Transitions + TRANSITION_KINDS.indexOf(kind));
  }

  /** How often the gate has latched, for all kinds. */
  get latches(): number {
    return LATCH_KINDS.reduce((sum, kind) => sum + this.transitions(kind), 0);
  }

  #count(kind: LatchKind | UnlatchKind): void {
    Atomics.add(this.#words, Word.Transitions + TRANSITION_KINDS.indexOf(kind), 1);
  }

  /** Null while the gate is open, and for the microseconds in which a latch's reason is not stored. Never blocks. */
  get latchedFor(): Latch | null {
    const length = Atomics.load(this.#words, Word.ReasonLength) - 1;
    if (!this.latched || length < 0) return null;
    const kind = LATCH_KINDS[(this.#words[Word.Kind] as number) - 1];
    const reason = new TextDecoder().decode(this.#reason.slice(0, length));
    const atMs = this.#doubles[Double.LatchedAt] as number;
    return kind === undefined ? null : { kind, reason, atMs };
  }

  countForegroundError(): void {
    Atomics.add(this.#words, Word.ForegroundErrors, 1);
  }

  get foregroundErrors(): number {
    return Atomics.load(this.#words, Word.ForegroundErrors);
  }
}

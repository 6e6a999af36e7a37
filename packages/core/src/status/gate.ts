import { LATCH_KINDS, type LatchKind, type UnlatchKind } from "./latch-kind.ts";
import { BLOCK_BYTES, Double, MAX_REASON_BYTES, REASON_OFFSET_BYTES, TRANSITION_KINDS, Word } from "./layout.ts";

/** What a latched gate shows. */
export interface Latch {
  readonly kind: LatchKind;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/**
 * One shard's load-shedding gate in shared memory. While it is latched, stores and removes are refused.
 *
 * The order of the accesses: `latch` exchanges the latched word first, because refusing writers at once matters more than
 * saying why. It stores the reason's length last, so a reader that sees a length sees kind, time and text whole. `clear` removes the
 * length before it opens the gate, so a text never belongs to another latch; then it reads the error count once more.
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

  /** Latches, seen by every thread at once. True for the one call that made the transition; the first reason stays. */
  latch(reason: string, nowMs: number, kind: LatchKind): boolean {
    if (!this.#latch(reason, nowMs, kind)) return false;
    this.#count(kind);
    return true;
  }

  #latch(reason: string, nowMs: number, kind: LatchKind): boolean {
    if (Atomics.exchange(this.#words, Word.Latched, 1) !== 0) return false;
    this.#say(reason, nowMs, kind);
    return true;
  }

  #say(reason: string, nowMs: number, kind: LatchKind): void {
    this.#doubles[Double.LatchedAt] = nowMs;
    this.#words[Word.Kind] = 1 + LATCH_KINDS.indexOf(kind);
    // encodeInto fills what fits and never splits a character; it refuses shared memory, hence the copy.
    const text = new Uint8Array(MAX_REASON_BYTES);
    const { written } = new TextEncoder().encodeInto(reason, text);
    this.#reason.set(text);
    Atomics.store(this.#words, Word.ReasonLength, written + 1);
  }

  /** Says why where a thread died between latching the gate and storing its reason. Only the main thread calls this, after that death. */
  explain(reason: string, nowMs: number, kind: LatchKind): void {
    if (!this.latched || Atomics.load(this.#words, Word.ReasonLength) !== 0) return;
    this.#say(reason, nowMs, kind);
    this.#count(kind);
  }

  /**
   * Opens the gate again, and sets the foreground errors to 0, if none came since `foregroundErrors` were seen. Only the main
   * thread does this. False where an error came meanwhile: then the gate is latched, as that error left it.
   */
  clear(foregroundErrors: number, kind: UnlatchKind): boolean {
    const words = this.#words;
    if (Atomics.compareExchange(words, Word.ForegroundErrors, foregroundErrors, 0) !== foregroundErrors) return false;
    Atomics.store(words, Word.ReasonLength, 0);
    words[Word.Kind] = 0;
    Atomics.store(words, Word.Latched, 0);
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
    return Atomics.load(this.#words, Word.Transitions + TRANSITION_KINDS.indexOf(kind));
  }

  /** How often the gate has latched, for any reason. */
  get latches(): number {
    return LATCH_KINDS.reduce((sum, kind) => sum + this.transitions(kind), 0);
  }

  #count(kind: LatchKind | UnlatchKind): void {
    Atomics.add(this.#words, Word.Transitions + TRANSITION_KINDS.indexOf(kind), 1);
  }

  /** Null while the gate is open, and for the microseconds in which the thread that latches it has not stored kind, reason and time. */
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

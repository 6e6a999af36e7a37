import { listenForAbort } from "../aborts/abort-listener.ts";
import type { OperationMeter } from "./operation-meter.ts";
import { Outcome, outcomeOf } from "./outcome.ts";
import type { Reservation } from "./reservation.ts";

/** What a pending operation is in: the admission queue or a frame. */
export interface Holder {
  /** True once the frame is with the shard's thread. The operation may happen then, even if it is cancelled. */
  readonly sent: boolean;
  /** Called before the operation settles as cancelled. Returns true if its message still takes up memory here. */
  cancel(operation: Operation<unknown>): boolean;
}

/** Admits operations within the limits. */
export interface Admission {
  /** Called once, when the operation settles. Returns its reservation, except for the bytes if they are `held`. */
  settled(operation: Operation<unknown>, held: boolean): void;
  /** Returns the bytes of a settled operation that were held. */
  release(operation: Operation<unknown>): void;
}

const noop = (): void => {};

/** The resolvers of the promise that is being made. Read from here, they cost an operation no closure of its own. */
const resolvers: { fulfil: (value: unknown) => void; fail: (reason: unknown) => void } = {
  fulfil: noop,
  fail: noop,
};

function takeResolvers(fulfil: (value: never) => void, fail: (reason: unknown) => void): void {
  // Typed so that an operation of any kind is an `Operation<unknown>`.
  resolvers.fulfil = fulfil as (value: unknown) => void;
  resolvers.fail = fail;
}

/**
 * A pending store, remove or load. It settles exactly once, by the first call of `resolve`, `reject` or `cancel`; later
 * calls do nothing. `#settle` is the only place where that happens.
 */
export class Operation<T> {
  readonly promise: Promise<T>;
  readonly reservation: Reservation;
  /** The queue that it has entered. Null before that, and once its whole reservation is returned. */
  admission: Admission | null = null;
  /** True once the admission queue has taken the reservation from the limits. */
  admitted = false;
  /** Null while it is in neither the admission queue nor a frame, and once it has settled. */
  holder: Holder | null = null;
  /** Its index in its frame. */
  index = 0;
  readonly #meter: OperationMeter;
  readonly #begun: number;
  readonly #fulfil: (value: unknown) => void;
  readonly #fail: (reason: unknown) => void;
  #settled = false;
  readonly #signal: AbortSignal | null;
  readonly #onAbort: (() => void) | null;

  constructor(meter: OperationMeter, reservation: Reservation, signal: AbortSignal | undefined) {
    this.reservation = reservation;
    this.#meter = meter;
    this.#begun = meter.begin(reservation.bytes);
    this.promise = new Promise<T>(takeResolvers);
    this.#fulfil = resolvers.fulfil;
    this.#fail = resolvers.fail;
    // Otherwise these would keep the last operation, and through it a closed spool, from being collected.
    resolvers.fulfil = resolvers.fail = noop;
    if (signal === undefined) {
      this.#signal = null;
      this.#onAbort = null;
    } else {
      this.#signal = signal;
      this.#onAbort = () => this.cancel(() => signal.reason, Outcome.Aborted);
      listenForAbort(signal, this.#onAbort);
    }
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** True once it is with the shard's thread. */
  get sent(): boolean {
    return this.holder?.sent ?? false;
  }

  resolve(value: T, outcome: Outcome): void {
    if (this.#settle(outcome, false)) this.#fulfil(value);
  }

  reject(reason: unknown, outcome = outcomeOf(reason)): void {
    if (this.#settle(outcome, false)) this.#fail(reason);
  }

  /**
   * Takes the operation out of its holder and rejects it. `reason` makes the error; `sent` says that the operation may
   * still happen.
   */
  cancel(reason: (sent: boolean) => unknown, outcome?: Outcome): void {
    if (this.#settled) return;
    const { sent } = this;
    const held = this.holder?.cancel(this) ?? false;
    const why = reason(sent);
    if (this.#settle(outcome ?? outcomeOf(why), held)) this.#fail(why);
  }

  /** The frame that held the bytes of this cancelled operation is free again. */
  release(): void {
    this.admission?.release(this);
    this.admission = null;
  }

  #settle(outcome: Outcome, held: boolean): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#meter.end(this.reservation.bytes, this.#begun, outcome);
    this.holder = null;
    if (this.#onAbort !== null) this.#signal?.removeEventListener("abort", this.#onAbort);
    this.admission?.settled(this, held);
    if (!held) this.admission = null;
    return true;
  }
}

import { listenForAbort } from "../aborts/abort-listener.ts";
import type { OperationMeter } from "./operation-meter.ts";
import { Outcome, outcomeOf } from "./outcome.ts";
import type { Claim } from "./reservation.ts";

/** Where an operation waits: its line, or a frame. */
export interface Place {
  /** It is with the shard's thread already, and may happen whatever is done here. */
  readonly sent: boolean;
  /** Nobody waits for the operation any longer: takes it out, where it is not sent. True while its message is held here all the same. */
  withdraw(operation: Operation<unknown>): boolean;
}

/** What lets operations through, as far as their claims find room. */
export interface Room {
  /** The operation has settled: its claim is given back, except its bytes where its message is held all the same. */
  settled(operation: Operation<unknown>, held: boolean): void;
  /** The message of one that has settled is not held any more. */
  letGo(operation: Operation<unknown>): void;
}

const nobody = (): void => {};

/** What the promise that is being made is settled with. Taken from here, an operation needs no closure of its own for it. */
const resolvers: { fulfil: (value: unknown) => void; fail: (reason: unknown) => void } = {
  fulfil: nobody,
  fail: nobody,
};

function takeResolvers(fulfil: (value: never) => void, fail: (reason: unknown) => void): void {
  // Typed so that an operation of any kind is an `Operation<unknown>`.
  resolvers.fulfil = fulfil as (value: unknown) => void;
  resolvers.fail = fail;
}

/**
 * One call of a user that is under way. It settles exactly once, through `resolve`, `reject` or `giveUp`, whoever comes first;
 * later answers are ignored.
 */
export class Operation<T> {
  readonly promise: Promise<T>;
  readonly claim: Claim;
  /** What let it through and is given back its claim; null before and after. */
  room: Room | null = null;
  /** Where it waits; null before and after. */
  place: Place | null = null;
  /** Its index in the frame that it is in. */
  index = 0;
  readonly #meter: OperationMeter;
  readonly #begun: number;
  readonly #fulfil: (value: unknown) => void;
  readonly #fail: (reason: unknown) => void;
  #settled = false;
  readonly #signal: AbortSignal | null;
  readonly #onAbort: (() => void) | null;
  readonly #onSettled: (operation: Operation<unknown>) => void;

  constructor(
    meter: OperationMeter,
    claim: Claim,
    signal: AbortSignal | undefined,
    onSettled: (operation: Operation<unknown>) => void,
  ) {
    this.claim = claim;
    this.#meter = meter;
    this.#begun = meter.begin(claim.bytes);
    this.promise = new Promise<T>(takeResolvers);
    this.#fulfil = resolvers.fulfil;
    this.#fail = resolvers.fail;
    // The last operation of a spool would keep it alive.
    resolvers.fulfil = resolvers.fail = nobody;
    this.#onSettled = onSettled;
    if (signal === undefined) {
      this.#signal = null;
      this.#onAbort = null;
    } else {
      this.#signal = signal;
      this.#onAbort = () => this.giveUp(() => signal.reason, Outcome.Aborted);
      listenForAbort(signal, this.#onAbort);
    }
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: T, outcome: Outcome): void {
    if (this.#end(outcome, false)) this.#fulfil(value);
  }

  reject(reason: unknown, outcome = outcomeOf(reason)): void {
    if (this.#end(outcome, false)) this.#fail(reason);
  }

  /** Rejects while the operation is still under way; `reason` is told whether it can still happen. */
  giveUp(reason: (canHappen: boolean) => unknown, outcome?: Outcome): void {
    if (this.#settled) return;
    const { sent } = this;
    const held = this.place?.withdraw(this) ?? false;
    const why = reason(sent);
    if (this.#end(outcome ?? outcomeOf(why), held)) this.#fail(why);
  }

  /** It has settled, and now its message is not held any more. */
  letGo(): void {
    this.room?.letGo(this);
    this.room = null;
  }

  /** True from when it is with the shard's thread. */
  get sent(): boolean {
    return this.place?.sent ?? false;
  }

  #end(outcome: Outcome, held: boolean): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#meter.end(this.claim.bytes, this.#begun, outcome);
    this.place = null;
    if (this.#onAbort !== null) this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#onSettled(this);
    this.room?.settled(this, held);
    if (!held) this.room = null;
    return true;
  }
}

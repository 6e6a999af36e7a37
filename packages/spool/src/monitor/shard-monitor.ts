import {
  type HealthLimits,
  type HealthSample,
  type HealthState,
  type LatchKind,
  type Logger,
  proved,
  type ShardHealth,
  type ShardTransition,
  SpoolEngineError,
  startHealth,
  stepHealth,
  type UnlatchKind,
} from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";

/** How many transitions `health()` tells. */
const MAX_HISTORY = 16;

/** A shard's thread that has not beaten for so many ticks hangs, unless ticks are so short that a busy machine misses as many. */
const MAX_MISSED_BEATS = 3;
const MIN_HANG_MS = 2000;

/** A gate that is latched by a thread that has not stored its reason yet: microseconds, unless the thread died between the two. */
const UNTOLD = { reason: "the thread that latched the gate has not said why yet", atMs: null } as const;

/** What the log calls each count of errors, and where to look. */
const GREW = {
  background: ["background", "check the LOG file in that directory for details"],
  foreground: ["foreground spool", "typically a read has found a table missing or damaged"],
} as const;

/** Watches one shard's gate: runs the state machine at each tick, does what it says, and remembers the transitions. */
export class ShardMonitor {
  readonly #shard: ShardClient;
  readonly #limits: HealthLimits;
  readonly #log: Logger;
  readonly #now: () => number;
  #state: HealthState;
  #history: ShardTransition[] = [];
  #heartbeat = -1;
  #missedBeats = 0;
  #beatAtMs: number;
  /** The operator latched it: it opens only by the operator's hand. */
  #held = false;
  #proving: Promise<Error | null> | null = null;

  constructor(shard: ShardClient, limits: HealthLimits, log: Logger, now: () => number) {
    this.#now = now;
    this.#beatAtMs = now();
    this.#shard = shard;
    this.#limits = limits;
    this.#log = log;
    this.#state = startHealth(this.#sample());
    this.#noteLatch();
  }

  /** Has the shard's thread look at itself, out of turn. Never rejects. */
  look(): Promise<void> {
    return this.#shard.tick();
  }

  tick(): void {
    this.#listen();
    const limits = this.#held ? { ...this.#limits, allowErrorUnlatch: false } : this.#limits;
    const { state, actions } = stepHealth(this.#state, this.#sample(), limits);
    this.#state = state;
    const { index: shard, path, gate } = this.#shard;
    for (const action of actions) {
      switch (action.kind) {
        case "grew": {
          const { what: kind, from, to } = action;
          const [errors, hint] = GREW[kind];
          this.#log.error(
            { shard, path, kind, from, to },
            `rocksdb at ${path}: ${errors} error count increased from ${from} to ${to}; ${hint}`,
          );
          break;
        }
        case "latch": {
          const { backgroundErrors, foregroundErrors } = action;
          const seconds = this.#limits.errorLatchDuration / 1000;
          const reason = `errors for ${seconds} s: ${backgroundErrors} in the background, ${foregroundErrors} in the foreground`;
          gate.latch(reason, Date.now(), "errors");
          this.#log.error(
            { shard, path, kind: "errors", backgroundErrors, foregroundErrors },
            `rocksdb at ${path}: load-shedding gate latched after ${reason}; stores and removes are refused now, and the LOG file may say why`,
          );
          break;
        }
        case "prove":
          void this.prove();
          break;
      }
    }
    this.#noteLatch();
  }

  /** The operator's hand: the first reason stays, and it takes the operator to open the gate again. */
  latch(reason: string): void {
    this.#held = true;
    const { index: shard, path, gate } = this.#shard;
    const kind = "operator";
    if (gate.latch(reason, Date.now(), kind)) {
      this.#log.warn(
        { shard, path, kind },
        `rocksdb at ${path}: load-shedding gate latched by the operator: ${reason}`,
      );
    }
    this.#noteLatch();
  }

  /** Opens the gate if the shard proves that it works. Rejects with why it does not. */
  async unlatch(): Promise<void> {
    this.#held = false;
    const failure = await this.prove();
    if (failure !== null) throw failure;
  }

  /** Opens the gate without a proof. Throws where the shard is not open: no force makes it take a write. */
  force(): void {
    const { index, path, state, failure, loss } = this.#shard;
    if (state !== "open") {
      const why = failure?.message ?? loss?.reason ?? "it is not open";
      throw new SpoolEngineError(`shard ${index} is ${state}: ${why}`, { kind: "other", path, cause: failure });
    }
    this.#held = false;
    this.#clear("by force", "force");
  }

  /** The proof that is under way, if any. */
  get proving(): Promise<Error | null> | null {
    return this.#proving;
  }

  /** Null when the shard works and its gate is open; else why not. */
  prove(): Promise<Error | null> {
    this.#proving ??= this.#prove().finally(() => {
      this.#proving = null;
    });
    return this.#proving;
  }

  health(): ShardHealth {
    const { gate, index, path, state, failure, loss, restarts, status } = this.#shard;
    const { latched } = gate;
    const latch = latched ? (gate.latchedFor ?? UNTOLD) : null;
    return {
      index,
      path,
      state,
      latched,
      reason: failure?.message ?? loss?.reason ?? latch?.reason ?? null,
      since: latch === null ? null : new Date(latch.atMs ?? Date.now()),
      foregroundErrors: gate.foregroundErrors,
      backgroundErrors: status.readSample().backgroundErrors,
      restarts,
      missingBatches: loss?.missing ?? null,
      history: this.#historyNow(),
    };
  }

  async #prove(): Promise<Error | null> {
    const { gate, index: shard, path } = this.#shard;
    // A proof may open the shard again: the latch came first, and is told first.
    this.#noteLatch();
    let failure: Error | null = null;
    try {
      await this.#shard.prove();
    } catch (error) {
      failure = error as Error;
    }
    if (failure === null && gate.latched && !this.#clear("it has proved that it works", "proof")) {
      failure = new Error("an error came while it was being proved");
    }
    this.#state = proved(this.#state, failure === null, this.#sample());
    if (failure !== null) {
      this.#log.warn({ shard, path, err: failure }, `rocksdb at ${path}: stays latched: ${failure.message}`);
    }
    return failure;
  }

  #clear(why: string, kind: UnlatchKind): boolean {
    const { gate, index: shard, path, status } = this.#shard;
    this.#noteLatch();
    if (!gate.clear(gate.foregroundErrors, kind)) return false;
    const at = new Date();
    this.#remember({ at, latched: false, reason: why });
    const { backgroundErrors } = status.readSample();
    this.#log.info(
      { shard, path, kind, backgroundErrors },
      `rocksdb at ${path}: load-shedding gate cleared: ${why}; stores and removes are accepted again`,
    );
    this.#shard.events.unlatched(why, kind, at);
    return true;
  }

  /** Remembers a latch and publishes it, once, whichever thread latched the gate. */
  #noteLatch(): void {
    const latch = this.#newLatch();
    if (latch === null) return;
    this.#remember(latch.transition);
    this.#shard.events.latched(latch.transition.reason, latch.kind, latch.transition.at);
  }

  /** The latch that is not remembered yet; null where there is none, or its thread is still storing the reason. */
  #newLatch(): { readonly transition: ShardTransition; readonly kind: LatchKind } | null {
    const latch = this.#shard.gate.latchedFor;
    if (latch === null || this.#history.at(-1)?.latched === true) return null;
    return { transition: { at: new Date(latch.atMs), latched: true, reason: latch.reason }, kind: latch.kind };
  }

  #historyNow(): ShardTransition[] {
    const latch = this.#newLatch();
    return (latch === null ? this.#history : [...this.#history, latch.transition]).slice(-MAX_HISTORY);
  }

  #remember(transition: ShardTransition): void {
    this.#history = [...this.#history, transition].slice(-MAX_HISTORY);
  }

  /** A thread that hangs says nothing at all; a shard that is not served has no thread that could. */
  #listen(): void {
    const { gate, index: shard, path, state, status } = this.#shard;
    const { heartbeat } = status;
    const beats = heartbeat !== this.#heartbeat || (state !== "open" && state !== "read-only");
    this.#heartbeat = heartbeat;
    this.#missedBeats = beats ? 0 : this.#missedBeats + 1;
    if (beats) this.#beatAtMs = this.#now();
    const silentMs = this.#now() - this.#beatAtMs;
    if (this.#missedBeats < MAX_MISSED_BEATS || silentMs < MIN_HANG_MS) return;
    const reason = `its thread has not answered for ${silentMs} ms`;
    const kind = "hang";
    if (!gate.latch(reason, Date.now(), kind)) return;
    this.#log.error({ shard, path, kind, silentMs }, `rocksdb at ${path}: load-shedding gate latched: ${reason}`);
  }

  #sample(): HealthSample {
    const { gate, status } = this.#shard;
    const { backgroundErrors } = status.readSample();
    return { nowMs: this.#now(), backgroundErrors, foregroundErrors: gate.foregroundErrors, latched: gate.latched };
  }
}

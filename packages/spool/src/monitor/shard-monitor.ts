import {
  type HealthAction,
  type HealthLimits,
  type HealthSample,
  type HealthState,
  type Logger,
  proved,
  type ShardHealth,
  SpoolEngineError,
  startHealth,
  stepHealth,
  type UnlatchKind,
} from "@rockspool/core";
import type { ShardClient } from "../shards/shard-client.ts";
import { GateLog } from "./gate-log.ts";
import { HeartbeatWatch } from "./heartbeat-watch.ts";
import { TransitionHistory } from "./transition-history.ts";

/**
 * Shown for a latched gate whose reason is not stored yet. The thread that latched it stores the reason microseconds
 * later, unless it dies before that: then `ShardClient` stores one.
 */
const REASON_PENDING = { reason: "the thread that latched the gate has not said why yet", atMs: null } as const;

/**
 * Watches one shard's gate. Runs the health state machine at each tick, carries out its actions, and records the
 * transitions.
 */
export class ShardMonitor {
  readonly #shard: ShardClient;
  readonly #limits: HealthLimits;
  readonly #log: GateLog;
  readonly #now: () => number;
  readonly #history = new TransitionHistory();
  readonly #heartbeat: HeartbeatWatch;
  #state: HealthState;
  /** While true, no tick asks for a proof: only the operator opens the gate. */
  #isLatchedByOperator = false;
  #proving: Promise<Error | null> | null = null;

  constructor(shard: ShardClient, limits: HealthLimits, log: Logger, now: () => number) {
    this.#now = now;
    this.#shard = shard;
    this.#limits = limits;
    this.#log = new GateLog(log, shard.index, shard.path);
    this.#heartbeat = new HeartbeatWatch(now());
    this.#state = startHealth(this.#sample());
    this.#recordLatch();
  }

  /** Has the shard's thread do its tick now. Never rejects. */
  tickThread(): Promise<void> {
    return this.#shard.tick();
  }

  tick(): void {
    this.#latchIfHanging();
    const limits = this.#isLatchedByOperator ? { ...this.#limits, allowErrorUnlatch: false } : this.#limits;
    const { state, actions } = stepHealth(this.#state, this.#sample(), limits);
    this.#state = state;
    for (const action of actions) this.#perform(action);
    this.#recordLatch();
  }

  /** Latches the gate for the operator, who alone opens it again. A gate that is latched already keeps its reason. */
  latch(reason: string): void {
    this.#isLatchedByOperator = true;
    if (this.#shard.gate.latch(reason, Date.now(), "operator")) this.#log.latchedByOperator(reason);
    this.#recordLatch();
  }

  /** Opens the gate if the shard proves that it works. Rejects with the reason if it does not. */
  async unlatch(): Promise<void> {
    this.#isLatchedByOperator = false;
    const failure = await this.prove();
    if (failure !== null) throw failure;
  }

  /** Opens the gate without a proof. Throws if the shard is not open, because such a shard could not take writes. */
  force(): void {
    const { index, path, state, failure, loss } = this.#shard;
    if (state !== "open") {
      const why = failure?.message ?? loss?.reason ?? "it is not open";
      throw new SpoolEngineError(`shard ${index} is ${state}: ${why}`, { kind: "other", path, cause: failure });
    }
    this.#isLatchedByOperator = false;
    this.#clear("by force", "force");
  }

  /** The proof in progress; null if there is none. */
  get proving(): Promise<Error | null> | null {
    return this.#proving;
  }

  /**
   * Has the shard prove that it works, and opens the gate. Resolves to null, or to the reason why the gate stays
   * latched.
   */
  prove(): Promise<Error | null> {
    this.#proving ??= this.#prove().finally(() => {
      this.#proving = null;
    });
    return this.#proving;
  }

  /** Reads only: it publishes no event, writes no log line and changes no state. The next tick records a new latch. */
  health(): ShardHealth {
    const { gate, index, path, state, failure, loss, restarts, status } = this.#shard;
    const { latched, latchedFor } = gate;
    const latch = latched ? (latchedFor ?? REASON_PENDING) : null;
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
      history: this.#history.with(latchedFor),
    };
  }

  #perform(action: HealthAction): void {
    switch (action.kind) {
      case "grew":
        this.#log.errorsGrew(action.what, action.from, action.to);
        break;
      case "latch": {
        const { backgroundErrors, foregroundErrors } = action;
        const seconds = this.#limits.errorLatchDuration / 1000;
        const counts = `${backgroundErrors} in the background, ${foregroundErrors} in the foreground`;
        const reason = `errors for ${seconds} s: ${counts}`;
        this.#shard.gate.latch(reason, Date.now(), "errors");
        this.#log.latchedForErrors(reason, backgroundErrors, foregroundErrors);
        break;
      }
      case "prove":
        void this.prove();
        break;
    }
  }

  async #prove(): Promise<Error | null> {
    const { gate } = this.#shard;
    // A proof may reopen the shard, which publishes events. The latch happened first, so it is published first.
    this.#recordLatch();
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
    if (failure !== null) this.#log.staysLatched(failure);
    return failure;
  }

  /** False if an error came while the gate was being opened: then it stays latched. */
  #clear(reason: string, kind: UnlatchKind): boolean {
    const { gate, status, events } = this.#shard;
    this.#recordLatch();
    if (!gate.clear(gate.foregroundErrors, kind)) return false;
    const at = new Date();
    this.#history.addUnlatch(at, reason);
    this.#log.cleared(reason, kind, status.readSample().backgroundErrors);
    events.unlatched(reason, kind, at);
    return true;
  }

  /**
   * Records and publishes a new latch, whichever thread latched the gate. A latch whose reason is not stored yet is
   * left to the next tick.
   */
  #recordLatch(): void {
    const { gate, events } = this.#shard;
    const { latchedFor } = gate;
    if (!this.#history.isNew(latchedFor)) return;
    this.#history.addLatch(latchedFor);
    events.latched(latchedFor.reason, latchedFor.kind, new Date(latchedFor.atMs));
  }

  #latchIfHanging(): void {
    const { gate, state, status } = this.#shard;
    const isServed = state === "open" || state === "read-only";
    const silentMs = this.#heartbeat.tick(status.heartbeat, isServed, this.#now());
    if (silentMs === null) return;
    const reason = `its thread has not answered for ${silentMs} ms`;
    if (gate.latch(reason, Date.now(), "hang")) this.#log.latchedForHang(reason, silentMs);
  }

  #sample(): HealthSample {
    const { gate, status } = this.#shard;
    const { backgroundErrors } = status.readSample();
    return { nowMs: this.#now(), backgroundErrors, foregroundErrors: gate.foregroundErrors, latched: gate.latched };
  }
}

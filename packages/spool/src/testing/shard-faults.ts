import type { Worker } from "node:worker_threads";
import type { EngineErrorKind } from "@rockspool/core";
import type { FaultCalls, FaultMemory, FaultPlan, FaultPoint } from "@rockspool/worker";
import type { RocksSpool } from "../spool.ts";

/**
 * What a shard asks of its engine, and a fault can hit:
 *
 * | call        | when                                                                                             |
 * |-------------|--------------------------------------------------------------------------------------------------|
 * | `write`     | one batch: all stores and removes that wait. A proof makes two                                   |
 * | `sync`      | for all that wait for one; also at a tick where something is not synced yet, and in a proof      |
 * | `read`      | all loads that wait. A proof makes one                                                           |
 * | `enumerate` | a page of up to 256 entries                                                                      |
 * | `flush`     | `compact`, `adviseLowMemory`, and before a close                                                 |
 * | `compact`   | `compact`, after the flush                                                                       |
 * | `open`      | when the spool opens, after a thread's death, and in a proof that takes a reopening              |
 * | `close`     | when the spool shuts down, and in a proof that takes a reopening                                 |
 */
export type EngineCall = Exclude<FaultPoint, "now" | "admission">;

/** Which calls a fault hits. */
export interface CallFault {
  /** How many calls it lets through first. Default: 0. */
  after?: number;
  /** How many it hits then. Default: all, until it is released. */
  times?: number;
  /** The engine does what it was asked for, and the fault comes then. Default: false, it comes instead. */
  late?: boolean;
}

/** An engine's error: by its `kind`, by an operating system's `code` such as `"ENOSPC"`, or by both. Default: `EIO`. */
export interface ErrorFault extends CallFault {
  kind?: EngineErrorKind;
  code?: string;
  /** Default: one that names the call and the code. */
  message?: string;
}

/** A fault that is in force until it is released. */
export interface Fault {
  /** How many calls it has hit. */
  readonly hits: number;
  /** Resolves when it has hit so many calls (default: 1). Rejects when it is released before. */
  reached(hits?: number): Promise<void>;
  /** Takes it back, and lets go on what it holds. At once; a second time does nothing. */
  release(): void;
}

const DEATH_MESSAGE = "a fault of the test";

/** The faults of one shard. Each is in force when the call returns, however busy the shard's thread is. */
export class ShardFaults {
  readonly #index: number;
  readonly #memory: FaultMemory;
  readonly #spool: () => RocksSpool;
  readonly #active = new Set<ActiveFault>();

  constructor(index: number, memory: FaultMemory, spool: () => RocksSpool) {
    this.#index = index;
    this.#memory = memory;
    this.#spool = spool;
  }

  /**
   * Calls wait until the fault is released. `"admission"` is RocksDB that would stall: batches are not tried but wait on the
   * shard's thread, where deadlines and the gate still reach them as `not-written`.
   */
  stall(call: EngineCall | "admission", calls: CallFault = {}): Fault {
    return this.#set({ at: call, does: "stall", late: calls.late ?? false }, calls);
  }

  /** Calls fail. */
  fail(call: EngineCall, { kind, code, message, ...calls }: ErrorFault = {}): Fault {
    const errno = code ?? (kind === undefined ? "EIO" : null);
    const text = message ?? `${errno ?? kind}: ${call} failed by a fault of the test`;
    const error = { kind: kind ?? null, code: errno, message: text };
    return this.#set({ at: call, does: "fail", error, late: calls.late ?? false }, calls);
  }

  /** The thread ends itself in such a call, once. */
  exitAt(call: EngineCall, { exitCode = 1, ...calls }: CallFault & { exitCode?: number } = {}): Fault {
    return this.#set({ at: call, does: "exit", exitCode, late: calls.late ?? false }, { times: 1, ...calls });
  }

  /** The thread dies in such a call, once, of an error that nobody catches. */
  throwAt(call: EngineCall, { message = DEATH_MESSAGE, ...calls }: CallFault & { message?: string } = {}): Fault {
    return this.#set({ at: call, does: "throw", message, late: calls.late ?? false }, { times: 1, ...calls });
  }

  /** The thread ends itself now. Resolves when the spool knows; rejects where no thread serves the shard. */
  exit(exitCode = 1): Promise<void> {
    return this.#die(() => this.#set({ at: "now", does: "exit", exitCode, late: false }, { times: 1 }));
  }

  /** The thread dies of an error that nobody catches. As `exit`. */
  throw(message = DEATH_MESSAGE): Promise<void> {
    return this.#die(() => this.#set({ at: "now", does: "throw", message, late: false }, { times: 1 }));
  }

  /** The thread is terminated, even one that hangs. As `exit`. */
  kill(): Promise<void> {
    return this.#die((thread) => {
      void thread?.terminate();
      return null;
    });
  }

  /** The whole thread hangs: it answers nothing and its heartbeat stops. */
  hang(): Fault {
    return this.#set({ at: "now", does: "hang", late: false }, { times: 1 });
  }

  /** RocksDB counts so many background errors more, from the next tick on until the shard is opened again. */
  reportBackgroundErrors(count = 1): void {
    this.#memory.backgroundErrors += count;
  }

  /** Releases all. */
  release(): void {
    for (const fault of this.#active) fault.release();
  }

  /** @internal Whether something that the shard's thread is asked may go without an answer until a fault is released. */
  get mayHold(): boolean {
    return [...this.#active].some(({ does }) => does === "stall" || does === "hang");
  }

  /** @internal */
  get hangs(): boolean {
    return [...this.#active].some(({ does }) => does === "hang");
  }

  #set(plan: FaultPlan, { after = 0, times = Number.POSITIVE_INFINITY }: Partial<FaultCalls>): ActiveFault {
    const fault = new ActiveFault(plan, { after, times }, this.#memory, () => this.#active.delete(fault));
    this.#active.add(fault);
    return fault;
  }

  async #die(end: (thread: Worker | undefined) => Fault | null): Promise<void> {
    const health = () => this.#spool().health()[this.#index];
    const before = health()?.restarts ?? 0;
    const state = health()?.state;
    if (state !== "open" && state !== "read-only")
      throw new Error(`shard ${this.#index} has no thread: it is ${state}`);
    const { threadId } = this.#memory;
    const thread = this.#spool().threads.find((one) => one.threadId === threadId);
    const fault = end(thread);
    // An exit is an event of the worker, and piscina makes of it what it will: what counts is that the spool has seen it. One that has
    // just let go of the thread, to open the shard again, counts no death: then it is known a turn after piscina knows.
    const isKnown = (): boolean => health()?.restarts !== before || health()?.state === "closed";
    const isGone = (): boolean => thread !== undefined && !this.#spool().threads.includes(thread);
    for (let gone = false; !isKnown() && !gone; ) {
      gone = isGone();
      await new Promise((resolve) => setImmediate(resolve));
    }
    fault?.release();
  }
}

class ActiveFault implements Fault {
  readonly does: FaultPlan["does"];
  readonly #memory: FaultMemory;
  readonly #slot: number;
  readonly #onRelease: () => void;
  #released: number | null = null;

  constructor(plan: FaultPlan, calls: FaultCalls, memory: FaultMemory, onRelease: () => void) {
    this.does = plan.does;
    this.#memory = memory;
    this.#onRelease = onRelease;
    this.#slot = memory.set(plan, calls);
  }

  get hits(): number {
    return this.#released ?? this.#memory.hits(this.#slot);
  }

  async reached(hits = 1): Promise<void> {
    while (this.hits < hits) {
      if (this.#released !== null) throw new Error(`the fault was released after ${this.#released} hits of ${hits}`);
      await this.#memory.moreHits(this.#slot, this.hits);
    }
  }

  release(): void {
    if (this.#released !== null) return;
    this.#released = this.hits;
    this.#memory.release(this.#slot);
    this.#onRelease();
  }
}

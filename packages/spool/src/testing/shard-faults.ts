import type { Worker } from "node:worker_threads";
import type { EngineErrorKind } from "@rockspool/core";
import type { FaultCalls, FaultMemory, FaultPlan, FaultPoint } from "@rockspool/worker";
import type { RocksSpool } from "../spool.ts";
import { ActiveFault, type Fault } from "./active-fault.ts";

/**
 * The calls that a shard makes to its message log and its index, and that a fault can hit:
 *
 * | call        | when the shard makes it                                                                           |
 * |-------------|---------------------------------------------------------------------------------------------------|
 * | `write`     | append and index batch of all waiting stores and removes, or of a cleaning. A proof makes two     |
 * | `sync`      | one for all waiting writes; also at a tick or close if something is not synced, and in a proof    |
 * | `read`      | one for all waiting loads. A proof makes one                                                      |
 * | `enumerate` | a page of up to 256 index entries, in an enumeration or a cleaning                                |
 * | `flush`     | in `compact`, `adviseLowMemory`, a cleaning, a rebuild of the index, and before a close           |
 * | `compact`   | in `compact`, after the flush                                                                     |
 * | `open`      | when the spool opens, after a thread's death, in a proof that reopens the shard, and in a rebuild |
 * | `close`     | when the spool shuts down, in a proof that reopens the shard, and in a rebuild                    |
 */
export type EngineCall = Exclude<FaultPoint, "now" | "admission">;

/** Selects the calls that a fault hits. */
export interface CallFault {
  /** How many calls pass before the first hit. Default: 0. */
  after?: number;
  /** How many calls it hits after those. Default: all, until it is released. */
  times?: number;
  /** True: the engine does its work first, then the fault hits. Default: false, the fault hits instead of the work. */
  late?: boolean;
}

/**
 * The error of a failing call, given by its `kind`, by a `code` of the operating system such as `"ENOSPC"`, or by both.
 * Default: `EIO`.
 */
export interface ErrorFault extends CallFault {
  kind?: EngineErrorKind;
  code?: string;
  /** Default: a message that names the call and the code. */
  message?: string;
}

const DEATH_MESSAGE = "a fault of the test";

/** The faults of one shard. A fault is in force as soon as the method returns, even if the shard's thread is busy. */
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
   * Calls wait until the fault is released. `"admission"` simulates RocksDB that would stall a write: batches are not
   * tried. They wait on the shard's thread, where a deadline or a latch still rejects their writes as `not-written`.
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

  /** The thread exits in that call, once. */
  exitAt(call: EngineCall, { exitCode = 1, ...calls }: CallFault & { exitCode?: number } = {}): Fault {
    return this.#set({ at: call, does: "exit", exitCode, late: calls.late ?? false }, { times: 1, ...calls });
  }

  /** The thread dies in that call, once, of an uncaught error. */
  throwAt(call: EngineCall, { message = DEATH_MESSAGE, ...calls }: CallFault & { message?: string } = {}): Fault {
    return this.#set({ at: call, does: "throw", message, late: calls.late ?? false }, { times: 1, ...calls });
  }

  /** The thread exits now. Resolves when the spool has detected it; rejects if no thread serves the shard. */
  exit(exitCode = 1): Promise<void> {
    return this.#die(() => this.#set({ at: "now", does: "exit", exitCode, late: false }, { times: 1 }));
  }

  /** As `exit`, but the thread dies of an uncaught error. */
  throw(message = DEATH_MESSAGE): Promise<void> {
    return this.#die(() => this.#set({ at: "now", does: "throw", message, late: false }, { times: 1 }));
  }

  /** As `exit`, but the thread is terminated, even if it hangs. */
  kill(): Promise<void> {
    return this.#die((thread) => {
      void thread?.terminate();
      return null;
    });
  }

  /** The thread hangs: it answers nothing, and its heartbeat stops. */
  hang(): Fault {
    return this.#set({ at: "now", does: "hang", late: false }, { times: 1 });
  }

  /** Raises RocksDB's count of background errors, from the next tick until the shard is opened again. */
  reportBackgroundErrors(count = 1): void {
    this.#memory.backgroundErrors += count;
  }

  /** Releases all faults of the shard. */
  release(): void {
    for (const fault of this.#active) fault.release();
  }

  /** @internal True if a call to the shard's thread may wait until a fault is released. */
  get mayStall(): boolean {
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
    // Waits until the spool has detected the death, which is later than the worker's exit event. A spool that has just
    // closed the thread's link, to open the shard again, counts no death: then the turn after piscina has removed the
    // thread is late enough.
    const isDetected = (): boolean => health()?.restarts !== before || health()?.state === "closed";
    const isGone = (): boolean => thread !== undefined && !this.#spool().threads.includes(thread);
    for (let gone = false; !isDetected() && !gone; ) {
      gone = isGone();
      await new Promise((resolve) => setImmediate(resolve));
    }
    fault?.release();
  }
}

import { MessageChannel, type MessagePort } from "node:worker_threads";
import {
  fromErrorRecord,
  type Logger,
  type ShardGate,
  type ShardState,
  ShardStatus,
  SpoolClosedError,
  SpoolEngineError,
  type SpoolError,
  SpoolShardLostError,
} from "@rockspool/core";
import type { Loss, Proof } from "@rockspool/worker";
import { pause } from "../aborts/pause.ts";
import type { ReadLane } from "../lanes/read-lane.ts";
import type { WriteLane } from "../lanes/write-lane.ts";
import { ShardMeters } from "../operations/operation-meter.ts";
import { ShardLink, type ShardTask } from "../threads/shard-link.ts";
import type { ShardThreads } from "../threads/shard-threads.ts";
import { RestartPolicy } from "./restart-policy.ts";
import { ShardEvents } from "./shard-events.ts";
import { openingFailed } from "./shard-failure.ts";
import { ShardLanes } from "./shard-lanes.ts";
import { ShardLife } from "./shard-life.ts";
import { ShardLog } from "./shard-log.ts";

/**
 * One shard as the main thread sees it: its lanes and its thread. `ShardLife` draws when a thread is started, and
 * started again after its death.
 */
export class ShardClient {
  readonly index: number;
  readonly path: string;
  readonly status: ShardStatus;
  readonly gate: ShardGate;
  readonly writes: WriteLane;
  readonly reads: ReadLane;
  readonly meters = new ShardMeters();
  readonly events: ShardEvents;
  #task: ShardTask;
  readonly #threads: ShardThreads;
  readonly #log: ShardLog;
  readonly #lanes: ShardLanes;
  readonly #restartPolicy = new RestartPolicy();
  readonly #life = new ShardLife();
  /** The current or last attempt to open the shard, including the pause before it. Never rejects. */
  #attempt: Promise<void> = Promise.resolve();
  #failure: SpoolError | null = null;
  #loss: Loss | null = null;
  /** Aborted when `close` is called. */
  readonly #closing = new AbortController();

  constructor(task: ShardTask, threads: ShardThreads, log: Logger) {
    this.#task = task;
    this.index = task.index;
    this.path = task.path;
    this.status = new ShardStatus(task.status, task.index);
    this.gate = this.status.gate;
    this.events = new ShardEvents(task.index, task.path);
    this.#threads = threads;
    this.#log = new ShardLog(log, task.index, task.path);
    this.#lanes = new ShardLanes(task.index);
    this.writes = this.#lanes.writes;
    this.reads = this.#lanes.reads;
  }

  get state(): ShardState {
    return this.#life.state;
  }

  /** Why the last attempt to open the shard failed; null if it succeeded. */
  get failure(): SpoolError | null {
    return this.#failure;
  }

  get loss(): Loss | null {
    return this.#loss;
  }

  /** True once `close` is over, whether it succeeded or not. Then no thread runs the shard's task. */
  get closed(): boolean {
    return this.#life.isClosed;
  }

  /** How often a thread that served the shard has died. */
  get restarts(): number {
    return this.#restartPolicy.restarts;
  }

  /** Never rejects: a shard that cannot be opened is down, and `failure` says why. */
  open(): Promise<void> {
    this.#attempt = this.#open().catch((error) => this.#openFailed(error));
    return this.#attempt;
  }

  /** The spool has been created: from now on a missing shard is a loss, not a new shard. */
  made(): void {
    this.#task = { ...this.#task, fresh: false };
  }

  /** Resolves to the link once a thread serves the shard. Rejects with the reason if none does. */
  async link(): Promise<ShardLink> {
    while (this.#life.isChanging) await this.#attempt;
    const { link } = this.#life;
    if (link === null) throw this.#failure ?? new SpoolClosedError();
    return link;
  }

  /** Has the thread send the shard's entries. They arrive at the returned port. */
  async entries(createdBeforeMs: number): Promise<MessagePort> {
    const link = await this.link();
    const { port1, port2 } = new MessageChannel();
    link.enumerate(port2, createdBeforeMs);
    return port1;
  }

  /**
   * Has the shard prove that it works: no file is missing, and a record is written, synced, read back and removed. A
   * shard that fails is closed, opened and tried again if that may help: RocksDB that has gone read-only stays so until
   * it is opened again. Rejects with the reason if the shard does not work.
   */
  async prove(): Promise<void> {
    if (this.#life.state !== "open") await this.reopen();
    const first = await this.#proof();
    if (first.failure === null) return;
    if (!first.mayReopen) throw fromErrorRecord(first.failure);
    await this.reopen();
    const { failure } = await this.#proof();
    if (failure !== null) throw fromErrorRecord(failure);
  }

  /** Has the thread tick now. Resolves when the sample is written, or at once without a thread. Never rejects. */
  async tick(): Promise<void> {
    await this.#life.link?.call((control) => control.tick()).catch(() => {});
  }

  /** Closes the shard and opens it again. What was sent is answered first; new operations wait. Never rejects. */
  async reopen(): Promise<void> {
    while (this.#life.isChanging) await this.#attempt;
    if (this.#closing.signal.aborted) return;
    const { link } = this.#life;
    this.#life.enter({ state: "restarting" });
    if (link !== null) this.events.down("it is closed, to be opened again");
    this.#attempt = this.#closeLink(link).then(() => this.#openAgain());
    await this.#attempt;
  }

  /** Closes the shard. Rejects if the shard could not write everything out; it is closed nevertheless. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#life.isChanging) await this.#attempt;
    const { link } = this.#life;
    if (link !== null) {
      this.#life.enter({ state: "closing" });
      this.events.down("it is closed");
    }
    try {
      await link?.close();
    } finally {
      this.#life.enter({ state: "closed" });
      this.cancel();
    }
  }

  /** Rejects all pending operations as closed, and ignores later answers of the thread. */
  cancel(): void {
    this.#lanes.cancel();
  }

  async #proof(): Promise<Proof> {
    return (await this.link()).call((control) => control.prove());
  }

  async #open(): Promise<void> {
    const link: ShardLink = new ShardLink(this.#task, this.#threads, {
      onAnswer: this.#lanes.answered,
      onLog: this.#log.line,
      onEnd: (error) => this.#linkEnded(link, error),
    });
    try {
      const { state, loss } = await link.call((control) => control.open());
      // Each proof reopens a shard with a loss. The loss is published only if it is a new one.
      if (loss !== null && loss.reason !== this.#loss?.reason) this.events.lossFound(loss.reason, loss.missing);
      this.#loss = loss;
      if (state === "down") throw new SpoolEngineError(loss?.reason ?? "", { kind: "io", path: this.path });
      // From here to the new state there is no await: a link that ends later calls `#linkEnded` in the state "open".
      if (link.ended) throw new SpoolShardLostError(this.index);
      this.#failure = null;
      this.#life.enter({ state, link });
    } catch (error) {
      // The task must end, or its thread would not be free for the next attempt.
      await link.close().catch(() => {});
      throw error;
    }
    this.#restartPolicy.opened(Date.now());
    this.#lanes.connect(link.post, this.state === "open");
    this.#log.served(this.state, this.restarts);
    this.events.up(this.#loss?.reason ?? "it is open");
  }

  /** Called once for each link. A link that ends while it serves was not closed: its thread died. */
  #linkEnded(link: ShardLink, error: Error | null): void {
    if (this.#life.link !== link) return;
    const pauseMs = this.#restartPolicy.died(Date.now());
    this.#life.enter({ state: "restarting" });
    this.#log.threadDied(this.restarts, error);
    this.gate.explain("its thread died while it latched the gate", Date.now(), "errors");
    this.events.down(`its thread died${error === null ? "" : `: ${error.message}`}`);
    this.#lanes.loseAll(error);
    this.#openAfter(pauseMs);
  }

  #openAfter(pauseMs: number): void {
    this.#attempt = pause(pauseMs, this.#closing.signal).then(() => this.#openAgain());
  }

  async #openAgain(): Promise<void> {
    if (this.#closing.signal.aborted) return this.#life.enter({ state: "closed" });
    this.#life.enter({ state: "opening" });
    await this.open();
  }

  /** Closes the shard after its thread has answered all that was sent. Never rejects. */
  async #closeLink(link: ShardLink | null): Promise<void> {
    const drained = this.#lanes.drain();
    if (link === null) return;
    await Promise.race([drained, link.over]);
    await link.close().catch((error: Error) => this.#log.closeFailed(error));
    // Only a thread that died meanwhile leaves operations without an answer.
    this.#lanes.loseSent();
  }

  #openFailed(error: unknown): void {
    const pauseMs = this.#restartPolicy.failed(error);
    if (pauseMs !== null) {
      this.#life.enter({ state: "restarting" });
      this.#openAfter(pauseMs);
      return;
    }
    const failure = openingFailed(error, this.path);
    this.#failure = failure;
    this.#life.enter({ state: "down" });
    this.gate.latch(`cannot be opened: ${failure.message}`, Date.now(), "down");
    this.#log.cannotBeOpened(failure);
    this.events.down(failure.message);
    this.#lanes.refuseAll(failure);
  }
}

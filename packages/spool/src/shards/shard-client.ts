import { MessageChannel, type MessagePort } from "node:worker_threads";
import {
  Frame,
  FrameKind,
  fromErrorRecord,
  type Logger,
  type ShardGate,
  type ShardState,
  ShardStatus,
  SpoolClosedError,
  SpoolEngineError,
  SpoolError,
  SpoolLockedError,
  SpoolShardLostError,
  SpoolUnhealthyError,
} from "@rockspool/core";
import type { FrameAnswer, Loss, Proof } from "@rockspool/worker";
import { createReadLane, type ReadLane } from "../lanes/read-lane.ts";
import { createWriteLane, type WriteLane } from "../lanes/write-lane.ts";
import { ShardMeters } from "../operations/operation-meter.ts";
import { ShardEvents } from "./shard-events.ts";
import { ShardLink, type ShardTask } from "./shard-link.ts";
import type { ShardThreads } from "./shard-threads.ts";

/**
 * One shard, seen from the main thread: its two lanes, and the life of the thread behind them.
 *
 *     opening ──▶ open | read-only ──thread dies (pause), or reopened (none)──▶ restarting ──▶ opening again
 *        └──────▶ down ──────────────────────────────reopened─────────────────────▲
 *     any of them ──close──▶ closed
 */

/** The pause before a shard whose thread died is served again: doubles from death to death, back to the first after a quiet time. */
const RESTART_PAUSE_FIRST_MS = 100;
const RESTART_PAUSE_MAX_MS = 30_000;
const RESTART_QUIET_MS = 60_000;

/** A thread that was ended lets go of RocksDB's lock a moment later; after so many tries somebody else has it. */
const MAX_LOCKED_TRIES = 10;

export class ShardClient {
  readonly index: number;
  readonly path: string;
  readonly status: ShardStatus;
  readonly gate: ShardGate;
  readonly writes: WriteLane = createWriteLane();
  readonly reads: ReadLane = createReadLane();
  readonly meters = new ShardMeters();
  readonly events: ShardEvents;
  #task: ShardTask;
  readonly #threads: ShardThreads;
  readonly #log: Logger;
  #state: ShardState = "opening";
  /** Null while no thread serves the shard. */
  #link: ShardLink | null = null;
  /** The attempt to open it that is under way or was the last. */
  #opened: Promise<void> = Promise.resolve();
  #failure: SpoolError | null = null;
  #loss: Loss | null = null;
  #restarts = 0;
  #pauseMs = RESTART_PAUSE_FIRST_MS;
  #servedAtMs = 0;
  #lockedTries = 0;
  #closing = false;
  #closed = false;
  #abandoned = false;
  /** Ends the pause before a restart at once. */
  #wake: (() => void) | null = null;

  constructor(task: ShardTask, threads: ShardThreads, log: Logger) {
    this.#task = task;
    this.index = task.index;
    this.path = task.path;
    this.status = new ShardStatus(task.status, task.index);
    this.gate = this.status.gate;
    this.events = new ShardEvents(task.index, task.path);
    this.#threads = threads;
    this.#log = log;
  }

  get state(): ShardState {
    return this.#state;
  }

  /** Why the shard is down; null while it is not. */
  get failure(): SpoolError | null {
    return this.#failure;
  }

  get loss(): Loss | null {
    return this.#loss;
  }

  /** It has been closed, however that went, and its thread is free. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How often its thread died and was served again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Never rejects: a shard that cannot be opened is down, and says why. */
  open(): Promise<void> {
    this.#opened = this.#open().catch((error) => this.#notOpened(error));
    return this.#opened;
  }

  /** The spool is made: from now on the shard must be there. */
  made(): void {
    this.#task = { ...this.#task, fresh: false };
  }

  /** The link to the thread, as soon as it serves. Rejects with the reason where it cannot. */
  async link(): Promise<ShardLink> {
    while (this.#state === "opening" || this.#state === "restarting") await this.#opened;
    if (this.#link === null) throw this.#failure ?? new SpoolClosedError();
    return this.#link;
  }

  /** The shard's entries, as the other end of the port that is returned sends them. */
  async entries(createdBeforeMs: number): Promise<MessagePort> {
    const link = await this.link();
    const { port1, port2 } = new MessageChannel();
    link.enumerate(port2, createdBeforeMs);
    return port1;
  }

  /**
   * Has the shard prove that it works: its files are there, and a record is written, synced, read back and removed. Where it
   * cannot, it is closed and opened again first, if that may help: RocksDB that has gone read-only stays so until then. Rejects
   * with why it does not work.
   */
  async prove(): Promise<void> {
    if (this.#state !== "open") await this.reopen();
    const first = await this.#probe();
    if (first.failure === null) return;
    if (!first.mayReopen) throw fromErrorRecord(first.failure);
    await this.reopen();
    const { failure } = await this.#probe();
    if (failure !== null) throw fromErrorRecord(failure);
  }

  /** Has the thread tick at once; resolves when the gate has its sample. Where no thread serves there is none. Never rejects. */
  async tick(): Promise<void> {
    await this.#link?.call((control) => control.tick()).catch(() => {});
  }

  async #probe(): Promise<Proof> {
    return (await this.link()).call((control) => control.prove());
  }

  /** Closes the shard and opens it again. What is under way is answered first; what comes meanwhile waits. Never rejects. */
  async reopen(): Promise<void> {
    while (this.#state === "opening" || this.#state === "restarting") await this.#opened;
    if (this.#closing) return;
    const link = this.#link;
    this.#link = null;
    this.#state = "restarting";
    if (link !== null) this.events.down("it is closed, to be opened again");
    this.#opened = this.#letGo(link).then(() => this.#openUnlessClosing());
    await this.#opened;
  }

  /** Closes what is open. Rejects where the shard could not write everything out; it is closed all the same. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    while (this.#state === "opening" || this.#state === "restarting") await this.#opened;
    const link = this.#link;
    this.#link = null;
    this.#state = "closed";
    if (link !== null) this.events.down("it is closed");
    try {
      await link?.close();
    } finally {
      this.#closed = true;
      this.abandon();
    }
  }

  /** Rejects what is pending. Nobody waits for the shard any longer: what it may still answer is not taken. */
  abandon(): void {
    this.#abandoned = true;
    this.#rejectAll(
      () => new SpoolClosedError("unknown"),
      () => new SpoolClosedError("not-written"),
      () => new SpoolClosedError(),
    );
  }

  async #open(): Promise<void> {
    this.#state = "opening";
    const link: ShardLink = new ShardLink(this.#task, this.#threads, {
      onAnswer: this.#answered,
      onLog: ({ level, fields, message }) => this.#log[level](fields, message),
      onEnd: (error) => this.#ended(link, error),
    });
    try {
      const { state, loss } = await link.call((control) => control.open());
      // A shard is opened again and again to see whether it works: a loss that has been told of is no news.
      if (loss !== null && loss.reason !== this.#loss?.reason) this.events.lossFound(loss.reason, loss.missing);
      this.#loss = loss;
      if (state === "down") throw new SpoolEngineError(loss?.reason ?? "", { kind: "io", path: this.path });
      if (link.ended) throw new SpoolShardLostError(this.index);
      this.#failure = null;
      this.#state = state;
    } catch (error) {
      // The shard said no: its task ends, and its thread is free for the next.
      await link.close().catch(() => {});
      throw error;
    }
    this.#link = link;
    this.#servedAtMs = Date.now();
    this.#lockedTries = 0;
    this.reads.connect(link.post);
    // One that came back with a loss is latched, and takes no writes: those that waited for it neither.
    if (this.#state === "open") this.writes.connect(link.post);
    else this.writes.rejectWaiting(() => new SpoolUnhealthyError());
    const { index, path } = this;
    this.#log.info({ shard: index, path, state: this.#state, restarts: this.#restarts }, `shard ${index} is served`);
    this.events.up(this.#loss?.reason ?? "it is open");
  }

  readonly #answered = (answer: FrameAnswer): void => {
    if (this.#abandoned) return;
    const [buffer, errors] = answer instanceof ArrayBuffer ? [answer, []] : [answer.buffer, answer.errors];
    const frame = new Frame(buffer);
    (frame.kind === FrameKind.Read ? this.reads : this.writes).answered(frame, errors);
  };

  /** The one end of every thread that served: what was in it is rejected, and unless it was closed it is served again. */
  #ended(link: ShardLink, error: Error | null): void {
    if (this.#link !== link) return;
    this.#link = null;
    const { index, path } = this;
    this.#restarts++;
    this.#log.error({ shard: index, path, restarts: this.#restarts, err: error }, `the thread of shard ${index} died`);
    this.gate.explain("its thread died while it latched the gate", Date.now(), "errors");
    this.events.down(`its thread died${error === null ? "" : `: ${error.message}`}`);
    this.#rejectAll(
      () => new SpoolShardLostError(index, { cause: error, outcome: "unknown" }),
      () => new SpoolShardLostError(index, { cause: error, outcome: "not-written" }),
    );
    if (Date.now() - this.#servedAtMs > RESTART_QUIET_MS) this.#pauseMs = RESTART_PAUSE_FIRST_MS;
    this.#restart();
  }

  /** Opens it again after the pause, unless it is closed meanwhile. */
  #restart(): void {
    this.#state = "restarting";
    const pause = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, RESTART_PAUSE_MAX_MS);
    this.#opened = pause.then(() => {
      this.#wake = null;
      return this.#openUnlessClosing();
    });
  }

  async #openUnlessClosing(): Promise<void> {
    if (this.#closing) this.#state = "closed";
    else await this.open();
  }

  /** Ends a thread's service in good order: everything that it has is answered before it is told to close. */
  async #letGo(link: ShardLink | null): Promise<void> {
    const returned = Promise.all([this.writes.hold(), this.reads.hold()]);
    if (link === null) return;
    await Promise.race([returned, link.over]);
    await link.close().catch((error: Error) => {
      const { index, path } = this;
      this.#log.warn(
        { shard: index, path, err: error },
        `shard ${index} was not closed in good order: ${error.message}`,
      );
    });
    // Nothing is left unless the thread died meanwhile.
    this.writes.rejectSent(() => new SpoolShardLostError(this.index, { outcome: "unknown" }));
    this.reads.rejectSent(() => new SpoolShardLostError(this.index));
  }

  #notOpened(error: unknown): void {
    if (this.#restarts > 0 && this.#isPassing(error)) {
      this.#restart();
      return;
    }
    const { index, path } = this;
    const failure = this.#asEngineError(error);
    this.#state = "down";
    this.#failure = failure;
    this.gate.latch(`cannot be opened: ${failure.message}`, Date.now(), "down");
    this.#log.error({ shard: index, path, err: failure }, `shard ${index} cannot be opened: ${failure.message}`);
    this.events.down(failure.message);
    this.#rejectAll(
      () => new SpoolUnhealthyError(),
      () => new SpoolUnhealthyError(),
      () => failure,
    );
  }

  /** Of a thread that died, what matters is how; whoever asks a shard that is down had no operation in it. */
  #asEngineError(error: unknown): SpoolError {
    if (error instanceof SpoolError && !(error instanceof SpoolShardLostError)) return error;
    const cause = (error as Error).cause instanceof Error ? ((error as Error).cause as Error) : (error as Error);
    return new SpoolEngineError(cause.message, { kind: "other", path: this.path, cause });
  }

  /** Of a restart: the thread died again, or the dead one has not let go of RocksDB's lock yet. */
  #isPassing(error: unknown): boolean {
    if (error instanceof SpoolLockedError) return ++this.#lockedTries < MAX_LOCKED_TRIES;
    return error instanceof SpoolShardLostError;
  }

  /** Nobody serves the lanes now. Writes are told whether they were sent; loads need not know. */
  #rejectAll(sent: () => SpoolError, waiting: () => SpoolError, load: () => SpoolError = sent): void {
    this.writes.disconnect();
    this.reads.disconnect();
    this.writes.rejectSent(sent);
    this.writes.rejectWaiting(waiting);
    this.reads.rejectSent(load);
    this.reads.rejectWaiting(load);
  }
}

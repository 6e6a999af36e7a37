import { MessageChannel, type MessagePort } from "node:worker_threads";
import {
  Frame,
  FrameKind,
  type Logger,
  ShardGate,
  type ShardHealth,
  type ShardState,
  SpoolClosedError,
  SpoolEngineError,
  SpoolError,
  SpoolLockedError,
  SpoolShardLostError,
  SpoolUnhealthyError,
} from "@rockspool/core";
import type { FrameAnswer, Loss } from "@rockspool/worker";
import { createReadLane, type ReadLane } from "./read-lane.ts";
import { ShardLink, type ShardTask } from "./shard-link.ts";
import type { ShardThreads } from "./shard-threads.ts";
import { createWriteLane, type WriteLane } from "./write-lane.ts";

/**
 * One shard, seen from the main thread: its two lanes, and the life of the thread behind them.
 *
 *     opening ──▶ open | read-only ──thread dies──▶ restarting ──pause──▶ opening again
 *        └──────▶ down ◀──────────cannot be opened──────────┘
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
  readonly gate: ShardGate;
  readonly writes: WriteLane = createWriteLane();
  readonly reads: ReadLane = createReadLane();
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
  /** Ends the pause before a restart at once. */
  #wake: (() => void) | null = null;

  constructor(task: ShardTask, threads: ShardThreads, log: Logger) {
    this.#task = task;
    this.index = task.index;
    this.path = task.path;
    this.gate = new ShardGate(task.gate, task.index);
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

  /** Closes what is open. Rejects where the shard could not write everything out; it is closed all the same. */
  async close(): Promise<void> {
    while (this.#state === "opening") await this.#opened;
    const link = this.#link;
    this.#state = "closed";
    this.#wake?.();
    try {
      await link?.close();
    } finally {
      this.#disconnect(() => new SpoolClosedError("not-written"));
    }
  }

  health(): ShardHealth {
    const { gate, index, path } = this;
    const { latched, reason, latchedAtMs } = gate;
    const since = latched && latchedAtMs !== null ? new Date(latchedAtMs) : null;
    return {
      index,
      path,
      state: this.#state,
      latched,
      reason: this.#failure?.message ?? this.#loss?.reason ?? reason,
      since,
      foregroundErrors: gate.foregroundErrors,
      backgroundErrors: gate.readSample().backgroundErrors,
      restarts: this.#restarts,
      missingBatches: this.#loss?.missing ?? null,
      history: since === null ? [] : [{ at: since, latched: true, reason: reason ?? "" }],
    };
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
      this.#loss = loss;
      if (state === "down") throw new SpoolEngineError(loss?.reason ?? "", { kind: "io", path: this.path });
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
    this.writes.connect(link.post);
  }

  readonly #answered = (answer: FrameAnswer): void => {
    const [buffer, errors] = answer instanceof ArrayBuffer ? [answer, []] : [answer.buffer, answer.errors];
    const frame = new Frame(buffer);
    (frame.kind === FrameKind.Read ? this.reads : this.writes).answered(frame, errors);
  };

  /** The one end of every thread that served: what was in it is rejected, and unless it was closed it is served again. */
  #ended(link: ShardLink, error: Error | null): void {
    if (this.#link !== link) return;
    this.#link = null;
    if (this.#state === "closed") return;
    const { index, path } = this;
    this.#restarts++;
    this.#log.error({ shard: index, path, restarts: this.#restarts, err: error }, `the thread of shard ${index} died`);
    this.#disconnect(
      (sent) => new SpoolShardLostError(index, { cause: error, outcome: sent ? "unknown" : "not-written" }),
      () => new SpoolShardLostError(index, { cause: error }),
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
    this.#opened = pause.then(async () => {
      this.#wake = null;
      if (this.#state === "restarting") await this.open();
    });
  }

  #notOpened(error: unknown): void {
    if (this.#restarts > 0 && this.#isPassing(error)) {
      this.#restart();
      return;
    }
    const { index, path } = this;
    const failure =
      error instanceof SpoolError
        ? error
        : new SpoolEngineError((error as Error).message, { kind: "other", path, cause: error });
    this.#state = "down";
    this.#failure = failure;
    this.gate.latch(`cannot be opened: ${failure.message}`, Date.now());
    this.#log.error({ shard: index, path, err: failure }, `shard ${index} cannot be opened: ${failure.message}`);
    this.#disconnect(
      () => new SpoolUnhealthyError(),
      () => failure,
    );
  }

  /** Of a restart: the thread died again, or the dead one has not let go of RocksDB's lock yet. */
  #isPassing(error: unknown): boolean {
    if (error instanceof SpoolLockedError) return ++this.#lockedTries < MAX_LOCKED_TRIES;
    return !(error instanceof SpoolError);
  }

  #disconnect(write: (sent: boolean) => unknown, read: (sent: boolean) => unknown = write): void {
    this.writes.disconnect(write);
    this.reads.disconnect(read);
  }
}

import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorRecord, type ShardStatus, Status, toErrorRecord } from "@rockspool/core";
import { INDEX_ENTRY_BYTES } from "../log/place.ts";
import type { FrameAnswer } from "../protocol/protocol.ts";
import type { BodyCodec } from "../store/body-codec.ts";
import type { MessageStore } from "../store/message-store.ts";
import type { StallCheck } from "./stall-check.ts";
import { WriteFrame } from "./write-frame.ts";

export interface GroupCommitParts {
  readonly store: Pick<MessageStore, "write" | "sync" | "isSynced" | "syncFailure">;
  readonly stallCheck: StallCheck;
  readonly codec: BodyCodec;
  readonly status: ShardStatus;
  /** The shard's directory, for errors. */
  readonly path: string;
  answer(answer: FrameAnswer): void;
  /** Counts the error and latches the gate where the error requires it. */
  onError(error: Error): void;
}

/** As in rocks.rs line 288: so low that a short stall adds little. A timer rounds it up to 1 ms. */
const BACKOFF_INITIAL_MS = 0.5;
/**
 * However long a stall lasts, its end, the gate and the deadlines are checked this often. KumoMTA's limit is 50 ms
 * (rocks.rs line 292), where each try is a write; here a try asks RocksDB, which takes 10 µs.
 */
const BACKOFF_MAX_MS = 5;

/**
 * Group commit: all waiting frames become one batch. Frames that arrive while it is written wait for the next.
 *
 *     frame ──▶ waiting ──▶ batch (one at a time) ──▶ written ──▶ answer
 *                             ▲   └─would stall─┐         └──────▶ unsynced ──▶ sync (one at a time) ──▶ answer
 *                             └─────back-off────┘
 *
 * Work that must not run beside a batch (a proof, the moves of the cleaner) takes a batch's turn.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  #waiting: WriteFrame[] = [];
  #unsynced: WriteFrame[] = [];
  /** Each runs in the turn of a batch. They never reject. */
  #turns: (() => Promise<void>)[] = [];
  #writing: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;
  /** Work of `alone`. Never rejects. */
  #alone: Promise<unknown> | null = null;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  push(buffer: ArrayBuffer): void {
    this.#waiting.push(new WriteFrame(buffer));
    this.#writing ??= this.#write();
  }

  /**
   * Syncs all that is written, together with the frames that await a sync. Never rejects: a failure has latched the
   * gate. A failed sync is not tried again: each try would count one more error, and a proof needs a shard without new
   * errors.
   */
  async sync(): Promise<void> {
    // The sync in flight may have begun before the newest batch was written.
    await this.#syncing;
    while (this.#alone !== null) await this.#alone;
    const { isSynced, syncFailure } = this.#parts.store;
    if (!isSynced && syncFailure === null) await this.#startSync();
  }

  /** Runs `work` in the turn of a batch: no frame is written meanwhile. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#turns.push(() => work().then(resolve, reject));
      this.#writing ??= this.#write();
    });
  }

  /** As `exclusive`, and no sync is in flight either: of two concurrent syncs only one would get the kernel's error. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.exclusive(async () => {
      while (this.#syncing !== null) await this.#syncing;
      const working = work();
      this.#alone = working.catch(() => {});
      try {
        return await working;
      } finally {
        this.#alone = null;
      }
    });
  }

  /** Resolves when no frame is in the lane. */
  async idle(): Promise<void> {
    for (let work = this.#work; work !== null; work = this.#work) await work;
  }

  get #work(): Promise<void> | null {
    return this.#writing ?? this.#syncing;
  }

  async #write(): Promise<void> {
    try {
      for (;;) {
        const turn = this.#turns.shift();
        if (turn !== undefined) await turn();
        else if (this.#waiting.length === 0) return;
        await this.#writeWaiting();
      }
    } finally {
      // In the same step as the loop's last check: a frame pushed between the two would start no write and wait for
      // ever.
      this.#writing = null;
    }
  }

  async #writeWaiting(): Promise<void> {
    const frames = this.#waiting;
    this.#waiting = [];
    const failure = await this.#commit(frames);
    for (const frame of frames) {
      if (failure !== null) this.#parts.answer(frame.failed(failure));
      else if (frame.wantsSync) this.#unsynced.push(frame);
      else this.#parts.answer(frame.answered(Status.Written));
    }
    if (this.#unsynced.length > 0) void this.#startSync();
  }

  /** Writes the frames as one batch, unless nothing is left to write. Null for success. */
  async #commit(frames: readonly WriteFrame[]): Promise<ErrorRecord | null> {
    const { store, codec, status, path, onError } = this.#parts;
    if (!(await this.#waitOutStall(frames))) return null;
    let records = 0;
    try {
      const blocks = [];
      for (const frame of frames) {
        if (frame.writes === 0) continue;
        records += frame.writes;
        blocks.push(frame.toBlock(codec));
      }
      await store.write(blocks);
    } catch (error) {
      onError(error as Error);
      return toErrorRecord(error, path);
    }
    status.batchSizes.add(records);
    return null;
  }

  /** Waits until RocksDB takes the frames without a stall. False if nothing is left to write by then. */
  async #waitOutStall(frames: readonly WriteFrame[]): Promise<boolean> {
    const { stallCheck, status } = this.#parts;
    for (let backoffMs = BACKOFF_INITIAL_MS; ; backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS)) {
      const nowMs = Date.now();
      const { latched } = status.gate;
      let writes = 0;
      let nearestMs = Number.POSITIVE_INFINITY;
      for (const frame of frames) {
        frame.refuse(latched, nowMs);
        writes += frame.writes;
        nearestMs = Math.min(nearestMs, frame.nearestDeadlineMs);
      }
      if (writes === 0) return false;
      if (!(await stallCheck.wouldStall(writes * INDEX_ENTRY_BYTES))) return true;
      await sleep(Math.min(backoffMs, nearestMs - nowMs));
    }
  }

  #startSync(): Promise<void> {
    this.#syncing ??= this.#sync();
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    const frames = this.#unsynced;
    const startMs = performance.now();
    this.#unsynced = [];
    let failure: ErrorRecord | null = null;
    try {
      await this.#parts.store.sync();
      this.#parts.status.syncSeconds.add((performance.now() - startMs) / 1000);
    } catch (error) {
      this.#parts.onError(error as Error);
      failure = toErrorRecord(error, this.#parts.path);
    }
    for (const frame of frames) {
      this.#parts.answer(failure === null ? frame.answered(Status.Synced) : frame.failed(failure));
    }
    // In the same step as the answers, as in #write. Each sync has its own promise: a caller waits for one, not for all
    // that follow.
    this.#syncing = this.#unsynced.length > 0 ? this.#sync() : null;
  }
}

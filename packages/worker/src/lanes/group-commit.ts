import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorRecord, type ShardStatus, Status, toErrorRecord } from "@rockspool/core";
import { BATCH_NUMBER_KEY, encodeBatchNumber } from "../engine/batch-number.ts";
import type { Engine } from "../engine/engine.ts";
import { proveEngine } from "../engine/prove-engine.ts";
import type { FrameAnswer } from "../protocol/protocol.ts";
import { BatchCounter, type NumberedBatch } from "./batch-counter.ts";
import type { StallCheck } from "./stall-check.ts";
import type { ValueCodec } from "./value-codec.ts";
import { WriteFrame } from "./write-frame.ts";

export interface GroupCommitParts {
  readonly engine: Engine;
  readonly stallCheck: StallCheck;
  readonly codec: ValueCodec;
  readonly status: ShardStatus;
  /** The number of the last numbered batch that the shard holds. */
  readonly batchNumber: number;
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
 *     frame ──▶ waiting ──▶ batch ──▶ written ──▶ answer
 *                            ▲  └─would stall─┐  └───▶ unsynced ──▶ sync ──▶ answer
 *                            └────back-off────┘
 *
 * One batch and one sync are in flight at a time, side by side. A sync is for all unsynced frames.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #batches: BatchCounter;
  readonly #numberBytes = Buffer.alloc(8);
  #waiting: WriteFrame[] = [];
  #unsynced: WriteFrame[] = [];
  #syncFailed = false;
  #writing: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#batches = new BatchCounter(parts.batchNumber);
  }

  /** The newest numbered batch that is known to be on the disk. */
  get syncedNumbered(): NumberedBatch {
    return this.#batches.syncedNumbered;
  }

  push(buffer: ArrayBuffer): void {
    this.#waiting.push(new WriteFrame(buffer));
    this.#writing ??= this.#write();
  }

  /**
   * Numbers and syncs all that is written, together with the frames that await a sync. Never rejects: a failure has
   * latched the gate. A failed sync is not tried again: each try would count one more error, and a proof needs a shard
   * without new errors.
   */
  async sync(): Promise<void> {
    if (!this.#batches.isNumbered && !this.#syncFailed) await this.#numberNextBatch();
    // The sync in flight may have begun before the numbered batch was written.
    await this.#syncing;
    if (!this.#batches.isSynced && !this.#syncFailed) await this.#startSync();
  }

  /**
   * Proves that the engine works. Waits until no frame is in the lane, and holds frames back until it is done: the
   * engine writes one batch at a time, and of two concurrent syncs only one would get the kernel's error.
   */
  async prove(): Promise<void> {
    // Not `await idle()`: between its return and the assignment below another caller could start work. Here no await
    // lies between them.
    while (this.#work !== null) await this.#work;
    const proving = proveEngine(this.#parts.engine, this.#parts.path);
    this.#writing = this.#syncing = proving
      .catch(() => {})
      .then(() => {
        this.#writing = this.#syncing = null;
        if (this.#hasWork) this.#writing = this.#write();
      });
    await proving;
  }

  /** Resolves when no frame is in the lane. */
  async idle(): Promise<void> {
    while (this.#work !== null) await this.#work;
  }

  get #work(): Promise<void> | null {
    return this.#writing ?? this.#syncing;
  }

  get #hasWork(): boolean {
    return this.#waiting.length > 0 || this.#batches.isRequested;
  }

  /**
   * Resolves when a batch with its number has been tried, or when a stall or the gate holds it back: then a later batch
   * carries it.
   */
  #numberNextBatch(): Promise<void> {
    const requested = this.#batches.request(this.#parts.engine.files?.logs ?? []);
    this.#writing ??= this.#write();
    return requested;
  }

  async #write(): Promise<void> {
    try {
      while (this.#hasWork) {
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
    } finally {
      // In the same step as the loop's last check: a frame pushed in between would start no write.
      this.#writing = null;
    }
  }

  /** Writes the frames as one batch, unless nothing is left to write. Null for success. */
  async #commit(frames: readonly WriteFrame[]): Promise<ErrorRecord | null> {
    const { engine, codec, status, path, onError } = this.#parts;
    for (const frame of frames) frame.prepare(codec);
    if (!(await this.#waitOutStall(frames))) return null;
    const next = this.#batches.next();
    const isNumbered = next.syncedBefore !== null;
    try {
      await engine.write((batch) => {
        for (const frame of frames) {
          for (const { key, value } of frame.writes) {
            if (value === null) batch.remove(key);
            else batch.put(key, value);
          }
        }
        if (isNumbered) batch.put(BATCH_NUMBER_KEY, encodeBatchNumber(next.batch, this.#numberBytes));
      });
      this.#batches.wrote(next);
    } catch (error) {
      // The failed batch may be in the log or not. The next batch reuses its number, so the number in the database is
      // right in both cases.
      onError(error as Error);
      return toErrorRecord(error, path);
    } finally {
      if (isNumbered) this.#batches.releaseRequests();
    }
    const records = frames.reduce((records, { writes }) => records + writes.length, 0);
    if (records > 0) status.batchSizes.add(records);
    return null;
  }

  /**
   * Waits until RocksDB takes the frames without a stall. False if nothing is left to write by then. Pending requests
   * for a batch number are resolved on a stall or a latch: the syncs that made them go on without one. The next batch
   * that is written carries the number.
   */
  async #waitOutStall(frames: readonly WriteFrame[]): Promise<boolean> {
    const { stallCheck, status } = this.#parts;
    for (let backoffMs = BACKOFF_INITIAL_MS; ; backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS)) {
      const nowMs = Date.now();
      const { latched } = status.gate;
      let writes = 0;
      let bytes = 0;
      let nearestMs = Number.POSITIVE_INFINITY;
      for (const frame of frames) {
        frame.refuse(latched, nowMs);
        writes += frame.writes.length;
        for (const write of frame.writes) {
          bytes += write.value?.byteLength ?? 0;
          nearestMs = Math.min(nearestMs, write.deadlineMs);
        }
      }
      if (latched) this.#batches.releaseRequests();
      if (writes === 0 && !this.#batches.isRequested) return false;
      if (!(await stallCheck.wouldStall(bytes))) return true;
      this.#batches.releaseRequests();
      await sleep(Math.min(backoffMs, nearestMs - nowMs));
    }
  }

  #startSync(): Promise<void> {
    this.#syncing ??= this.#sync();
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    const frames = this.#unsynced;
    const point = this.#batches.syncPoint;
    const startMs = performance.now();
    this.#unsynced = [];
    let failure: ErrorRecord | null = null;
    try {
      await this.#parts.engine.sync();
      this.#batches.synced(point);
      this.#parts.status.syncSeconds.add((performance.now() - startMs) / 1000);
    } catch (error) {
      this.#syncFailed = true;
      this.#parts.onError(error as Error);
      failure = toErrorRecord(error, this.#parts.path);
    }
    for (const frame of frames) {
      this.#parts.answer(failure === null ? frame.answered(Status.Synced) : frame.failed(failure));
    }
    // In the same step as the answers, as in #write. One promise for each sync: `sync()` awaits one, not all that
    // follow.
    this.#syncing = this.#unsynced.length > 0 ? this.#sync() : null;
  }
}

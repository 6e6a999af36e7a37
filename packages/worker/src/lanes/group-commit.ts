import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorRecord, type ShardStatus, Status, toErrorRecord } from "@rockspool/core";
import { BATCH_NUMBER_KEY, encodeBatchNumber, PROBE_KEY } from "../engine/batch-number.ts";
import type { Engine } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import type { FrameAnswer } from "../protocol/protocol.ts";
import type { LogBytes } from "../recovery/evidence.ts";
import type { Admission } from "./stall-check.ts";
import type { ValueCodec } from "./value-codec.ts";
import { WriteFrame } from "./write-frame.ts";

/**
 * Group commit: all frames that wait become one batch; while it is written, the next gather.
 *
 *     frame ──▶ waiting ──▶ batch (one at a time) ──▶ written ──▶ answer
 *                             ▲   └─would stall─┐         └──────▶ unsynced ──▶ sync (one at a time, for all that wait) ──▶ answer
 *                             └─────back-off────┘
 */
export interface WriteLaneParts {
  readonly engine: Engine;
  readonly admission: Admission;
  readonly codec: ValueCodec;
  readonly status: ShardStatus;
  /** The number of the last numbered batch that the shard holds. */
  readonly batchNumber: number;
  /** The shard's directory, for errors. */
  readonly path: string;
  answer(answer: FrameAnswer): void;
  /** Counts the error and latches where it must. */
  onError(error: Error): void;
}

/** A batch that carries its number. */
export interface Numbered {
  readonly batch: number;
  /** What of the logs was on the disk before it was written. */
  readonly vouched: readonly LogBytes[];
}

/** rocks.rs line 288: low enough that a short stall costs little (a timer makes it 1 ms). */
const BACKOFF_INITIAL_MS = 0.5;
/**
 * However long a stall lasts, its end, the gate and deadlines are looked at this often. The seed's 50 ms (rocks.rs line 292) are for a
 * try that is a write; here RocksDB is asked, which takes 10 µs.
 */
const BACKOFF_MAX_MS = 5;

export class WriteLane {
  readonly #parts: WriteLaneParts;
  readonly #numberBytes = Buffer.alloc(8);
  #waiting: WriteFrame[] = [];
  #unsynced: WriteFrame[] = [];
  /** Batches are counted; what of the count is in the database is the newest that was numbered. */
  #written: number;
  #synced: number;
  #numbered: Numbered;
  #syncedNumbered: Numbered;
  /** The logs before the next batch, which carries its number; null where it does not. */
  #vouched: readonly LogBytes[] | null = null;
  /** Who waits for that number, and no longer than the next batch takes. */
  #onNumbered: (() => void)[] = [];
  #syncFailed = false;
  #writing: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;

  constructor(parts: WriteLaneParts) {
    this.#parts = parts;
    // RocksDB flushes what it recovered before it is open.
    this.#written = this.#synced = parts.batchNumber;
    this.#numbered = this.#syncedNumbered = { batch: parts.batchNumber, vouched: [] };
  }

  /** The newest numbered batch that is known to be on the disk. */
  get syncedNumbered(): Numbered {
    return this.#syncedNumbered;
  }

  push(buffer: ArrayBuffer): void {
    this.#waiting.push(new WriteFrame(buffer));
    this.#writing ??= this.#write();
  }

  /**
   * Numbers what is written and syncs it, together with whoever waits for a sync already. Never rejects: a failure has latched the
   * gate. A sync that failed is not tried again: it would only be counted again, and a shard that is never quiet is never proved.
   */
  async sync(): Promise<void> {
    if (this.#numbered.batch < this.#written && !this.#syncFailed) await this.#number();
    // That one may have begun before the number was written.
    await this.#syncing;
    if (this.#synced < this.#written && !this.#syncFailed) await this.#startSync();
  }

  /**
   * Has the next batch carry its number. Not each does: under one key in all tables, it would have RocksDB rewrite tables whose ids do
   * not overlap instead of moving them (145,000 stores a second against 171,000, 512 in flight; 103,000 against 153,000 with small memtables).
   */
  #number(): Promise<void> {
    this.#vouched ??= this.#parts.engine.logs;
    return new Promise((resolve) => {
      this.#onNumbered.push(resolve);
      this.#writing ??= this.#write();
    });
  }

  #numberingEnds(): void {
    for (const ended of this.#onNumbered.splice(0)) ended();
  }

  /**
   * A record all the way: written, synced, read back, removed. It has the lane to itself: the engine writes one batch at a time, and of
   * two syncs at a time only one would hear of a failure. Frames that come meanwhile wait.
   */
  async probe(): Promise<void> {
    // Not by idle(): somebody else may begin before its promise is heard of.
    while (this.#work !== null) await this.#work;
    const probing = this.#probe();
    this.#writing = this.#syncing = probing
      .catch(() => {})
      .then(() => {
        this.#writing = this.#syncing = null;
        if (this.#isAskedToWrite) this.#writing = this.#write();
      });
    await probing;
  }

  async #probe(): Promise<void> {
    const { engine, path } = this.#parts;
    const value = Buffer.from(`probe ${Date.now()}`);
    await engine.write((batch) => batch.put(PROBE_KEY, value));
    await engine.sync();
    const found = await engine.get(PROBE_KEY);
    if (found === null || !value.equals(found))
      throw toEngineError(new Error("a probe record was not read back"), path);
    await engine.write((batch) => batch.remove(PROBE_KEY));
  }

  /** Resolves when no frame is in the lane. */
  async idle(): Promise<void> {
    while (this.#work !== null) await this.#work;
  }

  get #work(): Promise<void> | null {
    return this.#writing ?? this.#syncing;
  }

  get #isAskedToWrite(): boolean {
    return this.#waiting.length > 0 || this.#onNumbered.length > 0;
  }

  async #write(): Promise<void> {
    try {
      while (this.#isAskedToWrite) {
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
      // In the step that saw nothing wait, not one later: a frame that came in between would be left lying.
      this.#writing = null;
    }
  }

  /** Writes the frames as one batch, if there is anything to write. Null for success. */
  async #commit(frames: readonly WriteFrame[]): Promise<ErrorRecord | null> {
    const { engine, codec, status, path, onError } = this.#parts;
    for (const frame of frames) frame.prepare(codec);
    if (!(await this.#admit(frames))) return null;
    const number = this.#written + 1;
    const vouched = this.#vouched;
    try {
      await engine.write((batch) => {
        for (const frame of frames) {
          for (const { key, value } of frame.writes) {
            if (value === null) batch.remove(key);
            else batch.put(key, value);
          }
        }
        if (vouched !== null) batch.put(BATCH_NUMBER_KEY, encodeBatchNumber(number, this.#numberBytes));
      });
      this.#written = number;
      if (vouched !== null) {
        this.#numbered = { batch: number, vouched };
        this.#vouched = null;
      }
    } catch (error) {
      // The number may have reached the log or not; the next batch takes it again, and either way the key tells the truth.
      onError(error as Error);
      return toErrorRecord(error, path);
    } finally {
      if (vouched !== null) this.#numberingEnds();
    }
    const records = frames.reduce((records, { writes }) => records + writes.length, 0);
    if (records > 0) status.batchSizes.add(records);
    return null;
  }

  /**
   * Waits until RocksDB would take the frames without a stall. False where by then nothing is left to write. Who waits for a number does
   * not, nor passes a latched gate: the sync behind it must come, and the number comes with the next batch.
   */
  async #admit(frames: readonly WriteFrame[]): Promise<boolean> {
    const { admission, status } = this.#parts;
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
      if (latched) this.#numberingEnds();
      if (writes === 0 && this.#onNumbered.length === 0) return false;
      if (!(await admission.wouldStall(bytes))) return true;
      this.#numberingEnds();
      await sleep(Math.min(backoffMs, nearestMs - nowMs));
    }
  }

  #startSync(): Promise<void> {
    this.#syncing ??= this.#sync();
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    const frames = this.#unsynced;
    const batch = this.#written;
    const numbered = this.#numbered;
    const begunMs = performance.now();
    this.#unsynced = [];
    let failure: ErrorRecord | null = null;
    try {
      await this.#parts.engine.sync();
      this.#synced = batch;
      this.#syncedNumbered = numbered;
      this.#parts.status.syncSeconds.add((performance.now() - begunMs) / 1000);
    } catch (error) {
      this.#syncFailed = true;
      this.#parts.onError(error as Error);
      failure = toErrorRecord(error, this.#parts.path);
    }
    for (const frame of frames) {
      this.#parts.answer(failure === null ? frame.answered(Status.Synced) : frame.failed(failure));
    }
    // In the same step, as in #write. A promise for each: who waits for one must not wait for all that follow it under load.
    this.#syncing = this.#unsynced.length > 0 ? this.#sync() : null;
  }
}

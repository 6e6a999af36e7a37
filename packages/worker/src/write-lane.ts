import { type ErrorRecord, type ShardGate, Status, toErrorRecord, WriteFrameReader, WriteOp } from "@rockspool/core";
import { BATCH_NUMBER_KEY, encodeBatchNumber } from "./batch-number.ts";
import type { Engine } from "./engine.ts";
import type { FrameAnswer } from "./protocol.ts";
import { RAW_HEADER, type ValueCodec } from "./value-codec.ts";

/**
 * Group commit: all frames that wait become one batch; while it is written, the next gather.
 *
 *     frame ──▶ waiting ──▶ batch (one at a time) ──▶ written ──▶ answer
 *                                                        └──────▶ unsynced ──▶ sync (one at a time, for all that wait) ──▶ answer
 */
export interface WriteLaneParts {
  readonly engine: Engine;
  readonly codec: ValueCodec;
  readonly gate: ShardGate;
  /** The number of the last batch that the shard holds. */
  readonly batchNumber: number;
  /** The shard's directory, for errors. */
  readonly path: string;
  answer(answer: FrameAnswer): void;
  /** Counts the error and latches where it must. */
  onError(error: Error): void;
}

export class WriteLane {
  readonly #parts: WriteLaneParts;
  readonly #numberBytes = Buffer.alloc(8);
  #waiting: WriteFrame[] = [];
  #unsynced: WriteFrame[] = [];
  #written: number;
  #synced: number;
  #writing: Promise<void> | null = null;
  #syncing: Promise<void> | null = null;

  constructor(parts: WriteLaneParts) {
    this.#parts = parts;
    // RocksDB flushes what it recovered before it is open.
    this.#written = this.#synced = parts.batchNumber;
  }

  /** The newest batch number that is known to be on the disk. */
  get syncedBatch(): number {
    return this.#synced;
  }

  push(buffer: ArrayBuffer): void {
    this.#waiting.push(new WriteFrame(buffer));
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Syncs what is written, together with whoever waits for a sync already. Never rejects: a failure has latched the gate. */
  async sync(): Promise<void> {
    await this.#syncing;
    if (this.#synced < this.#written) await this.#startSync();
  }

  /** Resolves when no frame is in the lane. */
  async idle(): Promise<void> {
    while (this.#writing !== null || this.#syncing !== null) await (this.#writing ?? this.#syncing);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
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
  }

  /** Writes the frames as one batch, if there is anything to write. Null for success. */
  async #commit(frames: readonly WriteFrame[]): Promise<ErrorRecord | null> {
    const { engine, codec, gate, path, onError } = this.#parts;
    const refused = gate.latched ? Status.Unhealthy : null;
    const nowMs = Date.now();
    let puts = 0;
    for (const frame of frames) puts += frame.prepare(codec, nowMs, refused);
    if (puts === 0) return null;
    const number = this.#written + 1;
    try {
      await engine.write((batch) => {
        for (const frame of frames) {
          for (const { key, value } of frame.writes) {
            if (value === null) batch.remove(key);
            else batch.put(key, value);
          }
        }
        batch.put(BATCH_NUMBER_KEY, encodeBatchNumber(number, this.#numberBytes));
      });
    } catch (error) {
      // The number may have reached the log or not; the next batch takes it again, and either way the key tells the truth.
      onError(error as Error);
      return toErrorRecord(error, path);
    }
    this.#written = number;
    return null;
  }

  #startSync(): Promise<void> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = null;
    });
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    do {
      const frames = this.#unsynced;
      const batch = this.#written;
      this.#unsynced = [];
      let failure: ErrorRecord | null = null;
      try {
        await this.#parts.engine.sync();
        this.#synced = Math.max(this.#synced, batch);
      } catch (error) {
        this.#parts.onError(error as Error);
        failure = toErrorRecord(error, this.#parts.path);
      }
      for (const frame of frames) {
        this.#parts.answer(failure === null ? frame.answered(Status.Synced) : frame.failed(failure));
      }
    } while (this.#unsynced.length > 0);
  }
}

interface Write {
  readonly key: Uint8Array;
  /** Null for a remove. */
  readonly value: Uint8Array | null;
}

/** A frame on its way through the lane. */
class WriteFrame extends WriteFrameReader {
  readonly writes: Write[] = [];
  wantsSync = false;

  /** Looks at each record: what is void or refused gets its status, the others become writes. Returns how many. */
  prepare(codec: ValueCodec, nowMs: number, refused: Status | null): number {
    for (let i = 0; this.next(); i++) {
      if (this.op === WriteOp.Void) this.setStatus(i, Status.Void);
      else if (refused !== null) this.setStatus(i, refused);
      else if (this.deadlineMs <= nowMs) this.setStatus(i, Status.Expired);
      else {
        const value = this.op === WriteOp.Remove ? null : (codec.compress(this.data) ?? this.value(RAW_HEADER));
        this.writes.push({ key: this.id, value });
        this.wantsSync ||= this.sync;
      }
    }
    return this.writes.length;
  }

  /** The answer where the batch went well. */
  answered(status: Status): ArrayBuffer {
    this.#settle(status);
    return this.buffer;
  }

  failed(error: ErrorRecord): FrameAnswer {
    this.#settle(Status.Failed);
    return { buffer: this.buffer, errors: [error] };
  }

  #settle(status: Status): void {
    const { count } = this;
    for (let i = 0; i < count; i++) if (this.status(i) === Status.None) this.setStatus(i, status);
  }
}

import { type ErrorRecord, ReadFrameReader, SpoolEngineError, Status, toErrorRecord } from "@rockspool/core";
import type { Engine } from "../engine/engine.ts";
import type { FrameAnswer } from "../protocol/protocol.ts";
import type { ValueCodec } from "./value-codec.ts";

export interface MultiGetParts {
  readonly engine: Engine;
  readonly codec: ValueCodec;
  /** The shard's directory, for errors. */
  readonly path: string;
  /**
   * The error of an id that is not found, on a shard that has lost messages: it may be one of them. Null on a sound
   * shard.
   */
  readonly absent: ErrorRecord | null;
  answer(answer: FrameAnswer): void;
  /** Counts the error and latches the gate where the error requires it. */
  onError(error: Error): void;
}

/** Reads all waiting frames of ids with one multi-get. Frames that arrive while it runs wait for the next. */
export class MultiGet {
  readonly #parts: MultiGetParts;
  #waiting: ReadFrameReader[] = [];
  #reading: Promise<void> | null = null;

  constructor(parts: MultiGetParts) {
    this.#parts = parts;
  }

  push(buffer: ArrayBuffer): void {
    this.#waiting.push(new ReadFrameReader(buffer));
    this.#reading ??= this.#read();
  }

  /** Resolves when no frame is in the lane. */
  async idle(): Promise<void> {
    while (this.#reading !== null) await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const frames = this.#waiting;
        this.#waiting = [];
        const keys: Uint8Array[] = [];
        for (const frame of frames) {
          const { count } = frame;
          for (let i = 0; i < count; i++) keys.push(frame.id(i));
        }
        const values = await this.#parts.engine.getMany(keys);
        let first = 0;
        for (const frame of frames) {
          const { count } = frame;
          this.#answer(frame, values.slice(first, first + count));
          first += count;
        }
      }
    } finally {
      // In the same step as the loop's last check: a frame pushed in between would start no read.
      this.#reading = null;
    }
  }

  #answer(frame: ReadFrameReader, values: readonly (Uint8Array | null | Error)[]): void {
    const { codec, path, absent, answer, onError } = this.#parts;
    const statuses: Status[] = [];
    const messages: (Uint8Array | null)[] = [];
    const errors: (ErrorRecord | null)[] = [];
    let failed = false;
    for (const value of values) {
      let status: Status = Status.Found;
      let message: Uint8Array | null = null;
      let error: ErrorRecord | null = null;
      if (value === null) {
        status = absent === null ? Status.Absent : Status.Failed;
        error = absent;
      } else if (value instanceof Error) {
        onError(value);
        error = toErrorRecord(value, path);
      } else {
        try {
          message = codec.decompress(value);
        } catch (cause) {
          error = toErrorRecord(corruptValue(cause as Error, path), path);
        }
      }
      if (error !== null) {
        status = Status.Failed;
        failed = true;
      }
      statuses.push(status);
      messages.push(message);
      errors.push(error);
    }
    const buffer = frame.answer(statuses, messages);
    answer(failed ? { buffer, errors } : buffer);
  }
}

/**
 * A value that RocksDB read without an error and that does not decode. RocksDB itself works, so this error latches
 * nothing.
 */
export function corruptValue(cause: Error, path: string): SpoolEngineError {
  return new SpoolEngineError(cause.message, { kind: "corruption", path, cause });
}

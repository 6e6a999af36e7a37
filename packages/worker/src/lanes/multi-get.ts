import { type ErrorRecord, ReadFrameReader, SpoolEngineError, Status, toErrorRecord } from "@rockspool/core";
import type { Engine } from "../engine/engine.ts";
import type { FrameAnswer } from "../protocol/protocol.ts";
import type { ValueCodec } from "./value-codec.ts";

/** All frames of ids that wait become one multi-get; while it runs, the next gather. */
export interface ReadLaneParts {
  readonly engine: Engine;
  readonly codec: ValueCodec;
  /** The shard's directory, for errors. */
  readonly path: string;
  /** Where messages are known to be lost, an id that is not found may be one of them: the error that says so. */
  readonly absent: ErrorRecord | null;
  answer(answer: FrameAnswer): void;
  /** Counts the error and latches where it must. */
  onError(error: Error): void;
}

export class ReadLane {
  readonly #parts: ReadLaneParts;
  #waiting: ReadFrameReader[] = [];
  #reading: Promise<void> | null = null;

  constructor(parts: ReadLaneParts) {
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
      // In the step that saw nothing wait, not one later: a frame that came in between would be left lying.
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

/** A value that RocksDB vouches for and no message became: it is damage, but not of RocksDB, so it latches nothing. */
export function corruptValue(cause: Error, path: string): SpoolEngineError {
  return new SpoolEngineError(cause.message, { kind: "corruption", path, cause });
}

import { type ErrorRecord, ReadFrameReader, Status, toErrorRecord } from "@rockspool/core";
import type { FrameAnswer } from "../protocol/protocol.ts";
import type { MessageStore } from "../store/message-store.ts";

export interface MultiGetParts {
  readonly store: Pick<MessageStore, "load">;
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

/** Reads all waiting frames of ids at once. Frames that arrive meanwhile wait for the next read. */
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
        const ids: Uint8Array[] = [];
        for (const frame of frames) {
          const { count } = frame;
          for (let i = 0; i < count; i++) ids.push(frame.id(i));
        }
        const messages = await this.#parts.store.load(ids);
        let first = 0;
        for (const frame of frames) {
          const { count } = frame;
          this.#answer(frame, messages.slice(first, first + count));
          first += count;
        }
      }
    } finally {
      // In the same step as the loop's last check: a frame pushed between the two would start no read and wait for
      // ever.
      this.#reading = null;
    }
  }

  #answer(frame: ReadFrameReader, found: readonly (Uint8Array | null | Error)[]): void {
    const { path, absent, answer, onError } = this.#parts;
    const statuses: Status[] = [];
    const messages: (Uint8Array | null)[] = [];
    const errors: (ErrorRecord | null)[] = [];
    let failed = false;
    for (const message of found) {
      let error: ErrorRecord | null = null;
      if (message === null) error = absent;
      else if (message instanceof Error) {
        onError(message);
        error = toErrorRecord(message, path);
      }
      if (error !== null) failed = true;
      statuses.push(error !== null ? Status.Failed : message === null ? Status.Absent : Status.Found);
      messages.push(message instanceof Error ? null : message);
      errors.push(error);
    }
    const buffer = frame.answer(statuses, messages);
    answer(failed ? { buffer, errors } : buffer);
  }
}

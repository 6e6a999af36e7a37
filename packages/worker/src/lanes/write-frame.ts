import { type ErrorRecord, Status, WriteFrameReader, WriteOp } from "@rockspool/core";
import type { FrameAnswer } from "../protocol/protocol.ts";
import { RAW_HEADER, type ValueCodec } from "./value-codec.ts";

interface Write {
  readonly index: number;
  readonly key: Uint8Array;
  /** Null for a remove. */
  readonly value: Uint8Array | null;
  readonly sync: boolean;
  readonly deadlineMs: number;
}

/** A frame of writes on the shard's thread, from its arrival to its answer. */
export class WriteFrame extends WriteFrameReader {
  /** The records to write. A refused record is removed from here and has its status. */
  writes: Write[] = [];

  get wantsSync(): boolean {
    return this.writes.some(({ sync }) => sync);
  }

  prepare(codec: ValueCodec): void {
    for (let index = 0; this.next(); index++) {
      if (this.op === WriteOp.Cancelled) {
        this.setStatus(index, Status.Cancelled);
        continue;
      }
      const value = this.op === WriteOp.Remove ? null : (codec.compress(this.data) ?? this.value(RAW_HEADER));
      this.writes.push({ index, key: this.id, value, sync: this.sync, deadlineMs: this.deadlineMs });
    }
  }

  /**
   * Removes records that must not be written any more: all if the gate is latched, and those whose deadline has passed.
   */
  refuse(latched: boolean, nowMs: number): void {
    if (!latched && this.writes.every(({ deadlineMs }) => deadlineMs > nowMs)) return;
    this.writes = this.writes.filter(({ index, deadlineMs }) => {
      if (latched) this.setStatus(index, Status.Unhealthy);
      else if (deadlineMs <= nowMs) this.setStatus(index, Status.Expired);
      else return true;
      return false;
    });
  }

  /** The answer after a successful batch: every record without a status gets this one. */
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

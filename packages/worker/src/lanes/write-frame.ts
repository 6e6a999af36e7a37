import { crc32 } from "node:zlib";
import { type ErrorRecord, Status, WRITE_RECORD_BYTES, WriteField, WriteFrameReader, WriteOp } from "@rockspool/core";
import type { BlockParts } from "../log/log-types.ts";
import type { FrameAnswer } from "../protocol/protocol.ts";
import type { BodyCodec } from "../store/body-codec.ts";

/** A frame of writes on the shard's thread, from its arrival to its answer. */
export class WriteFrame extends WriteFrameReader {
  /** Records that are still to be written. */
  writes = 0;
  wantsSync = false;
  /** The nearest deadline of the records to be written, epoch ms. */
  nearestDeadlineMs = Number.POSITIVE_INFINITY;

  constructor(buffer: ArrayBuffer) {
    super(buffer);
    this.#count();
  }

  /**
   * Cancels records that must not be written any more: all if the gate is latched, and those whose deadline has passed.
   */
  refuse(latched: boolean, nowMs: number): void {
    if (this.writes === 0 || (!latched && this.nearestDeadlineMs > nowMs)) return;
    const { count } = this;
    for (let i = 0; i < count; i++) {
      if (this.op(i) === WriteOp.Cancelled || (!latched && this.deadlineMs(i) > nowMs)) continue;
      this.setStatus(i, latched ? Status.Unhealthy : Status.Expired);
      this.cancel(i);
    }
    this.#count();
  }

  /**
   * The block that the frame becomes: bodies are compressed where that pays, and the table gets codec, stored length
   * and checksum of each. Bodies of cancelled records are left out. Called once, right before the append.
   */
  toBlock(codec: BodyCodec): BlockParts {
    const { table, bodies: raw, count } = this;
    const bodies: Uint8Array[] = [];
    let bodyBytes = 0;
    /** Where the bodies begin that go as they are and are not in `bodies` yet. */
    let from = 0;
    let at = 0;
    const take = (to: number): void => {
      if (to > from) bodies.push(raw.subarray(from, to));
    };
    for (let i = 0, record = 0; i < count; i++, record += WRITE_RECORD_BYTES) {
      const length = table.readUInt32LE(record + WriteField.Length);
      const end = at + length;
      table.writeDoubleLE(0, record + WriteField.Deadline);
      if (table[record] === WriteOp.Store) {
        let body: Uint8Array = raw.subarray(at, end);
        const compressed = codec.compress(body);
        if (compressed !== null) {
          take(at);
          from = end;
          body = compressed.bytes;
          bodies.push(body);
          table[record + WriteField.Codec] = compressed.codec;
          table.writeUInt32LE(body.byteLength, record + WriteField.StoredLength);
        }
        table.writeUInt32LE(crc32(body), record + WriteField.Checksum);
        bodyBytes += body.byteLength;
      } else if (length > 0) {
        take(at);
        from = end;
        table.writeUInt32LE(0, record + WriteField.StoredLength);
      }
      at = end;
    }
    take(at);
    return { records: count, table, bodies, bodyBytes };
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

  /** Counts what is to be written; records that the main thread has cancelled get their status. */
  #count(): void {
    const { count } = this;
    this.writes = 0;
    this.wantsSync = false;
    this.nearestDeadlineMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      if (this.op(i) === WriteOp.Cancelled) {
        if (this.status(i) === Status.None) this.setStatus(i, Status.Cancelled);
        continue;
      }
      this.writes++;
      if (this.sync(i)) this.wantsSync = true;
      const deadlineMs = this.deadlineMs(i);
      if (deadlineMs < this.nearestDeadlineMs) this.nearestDeadlineMs = deadlineMs;
    }
  }

  #settle(status: Status): void {
    const { count } = this;
    for (let i = 0; i < count; i++) if (this.status(i) === Status.None) this.setStatus(i, status);
  }
}

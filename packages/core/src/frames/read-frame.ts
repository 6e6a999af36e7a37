import { SPOOL_ID_BYTES } from "../id-layout.ts";
import { Frame, FrameKind, FrameWriter, MAX_FRAME_RECORDS, RECORDS_START, Status } from "./frame.ts";

/**
 * A read frame is sent with ids, 16 bytes each. Its answer holds the messages that were found, each after its length
 * (uint32). The answer reuses the frame's buffer if it fits, else it is a larger one.
 */
const LENGTH_BYTES = 4;

/** Holds the answers to 256 ids if their messages are 252 bytes on average; larger answers take a larger buffer. */
export const READ_FRAME_BYTES = RECORDS_START + MAX_FRAME_RECORDS * 256;

export class ReadFrameWriter extends FrameWriter {
  constructor(buffer: ArrayBuffer) {
    super(buffer, FrameKind.Read);
  }

  fits(): boolean {
    return this.hasRoom(SPOOL_ID_BYTES);
  }

  append(id: Uint8Array): void {
    this.bytes.set(id, this.at);
    this.setStatus(this.records, Status.None);
    this.records++;
    this.at += SPOOL_ID_BYTES;
  }
}

/** The shard thread's side. */
export class ReadFrameReader extends Frame {
  id(index: number): Uint8Array {
    return new Uint8Array(this.buffer, RECORDS_START + index * SPOOL_ID_BYTES, SPOOL_ID_BYTES);
  }

  /** `messages[i]` is null unless status `i` is `Found`. Overwrites the ids. */
  answer(statuses: readonly Status[], messages: readonly (Uint8Array | null)[]): ArrayBuffer {
    let end = RECORDS_START;
    for (const message of messages) if (message !== null) end += LENGTH_BYTES + message.byteLength;
    const frame = end <= this.buffer.byteLength ? this : new Frame(new ArrayBuffer(end));
    let at = RECORDS_START;
    for (let i = 0; i < messages.length; i++) {
      frame.setStatus(i, statuses[i] as Status);
      const message = messages[i] ?? null;
      if (message === null) continue;
      frame.view.setUint32(at, message.byteLength, true);
      frame.bytes.set(message, at + LENGTH_BYTES);
      at += LENGTH_BYTES + message.byteLength;
    }
    frame.ticket = this.ticket;
    frame.seal(FrameKind.Read, messages.length, end);
    return frame.buffer;
  }
}

/** The main thread's side of the answer. */
export class ReadAnswer extends Frame {
  #next = RECORDS_START;

  /** The next message, in the order of the ids. A copy: the frame's buffer is reused. */
  take(): Uint8Array {
    const length = this.view.getUint32(this.#next, true);
    const start = this.#next + LENGTH_BYTES;
    this.#next = start + length;
    return this.bytes.slice(start, start + length);
  }
}

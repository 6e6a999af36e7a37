import { Frame, FrameKind, FrameWriter, ID_BYTES, MAX_FRAME_RECORDS, RECORDS_START, Status } from "./frame.ts";

/**
 * A frame of reads goes out with ids (16 bytes each) and comes back with messages, each with its length (uint32) before it;
 * ids that were not found have no message. The answer is in the same buffer where it fits, else in a larger one.
 */
const LENGTH_BYTES = 4;

/** Room for the ids, and for the answers to a few small messages; larger answers bring larger buffers into use. */
export const READ_FRAME_BYTES = RECORDS_START + MAX_FRAME_RECORDS * 256;

export class ReadFrameWriter extends FrameWriter {
  constructor(buffer: ArrayBuffer) {
    super(buffer, FrameKind.Read);
  }

  fits(): boolean {
    return this.hasRoom(ID_BYTES);
  }

  append(id: Uint8Array): void {
    this.bytes.set(id, this.at);
    this.setStatus(this.records, Status.None);
    this.records++;
    this.at += ID_BYTES;
  }
}

/** The shard thread's side. */
export class ReadFrameReader extends Frame {
  id(index: number): Uint8Array {
    return new Uint8Array(this.buffer, RECORDS_START + index * ID_BYTES, ID_BYTES);
  }

  /**
   * The answers, in one buffer. `messages[i]` is null where status `i` is not `Found`. The ids are overwritten: whoever still
   * needs them has taken them out before.
   */
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

/** The main thread's side of the answer: walks the messages in the order of the ids. */
export class ReadAnswer extends Frame {
  #next = RECORDS_START;

  /** The next message, in memory of its own: the caller may keep or transfer it while the frame is used again. */
  take(): Uint8Array {
    const length = this.view.getUint32(this.#next, true);
    const start = this.#next + LENGTH_BYTES;
    this.#next = start + length;
    return this.bytes.slice(start, start + length);
  }
}

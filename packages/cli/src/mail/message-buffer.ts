/**
 * Collects a message as views of the chunks that it came in, and copies them once. Drops them when the limit is
 * exceeded.
 */
export class MessageBuffer {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  /** The piece being extended: adjacent ranges of a chunk are one piece, instead of one for each line. */
  #source: Uint8Array | null = null;
  #start = 0;
  #end = 0;
  /** The size of the message so far, even if it exceeds the limit. */
  bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(source: Uint8Array, from: number, to: number): void {
    this.bytes += to - from;
    if (this.bytes > this.#limit) {
      this.#pieces = [];
      this.#source = null;
    } else if (this.#source === source && this.#end === from) {
      this.#end = to;
    } else {
      this.#close();
      this.#source = source;
      this.#start = from;
      this.#end = to;
    }
  }

  /** A copy of the message; null if it is larger than the limit. */
  take(): Uint8Array | null {
    if (this.bytes > this.#limit) return null;
    this.#close();
    const message = new Uint8Array(this.bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      message.set(piece, at);
      at += piece.length;
    }
    return message;
  }

  #close(): void {
    if (this.#source !== null) this.#pieces.push(this.#source.subarray(this.#start, this.#end));
    this.#source = null;
  }
}

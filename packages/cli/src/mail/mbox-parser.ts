import { MailError } from "../errors.ts";
import { CR, CRLF, FROM, GREATER, LF } from "./mbox-format.ts";
import { MessageBuffer } from "./message-buffer.ts";

export interface MboxMessage {
  /** What follows `From ` in the line before the message. */
  readonly from: string;
  /** Its size as it would be stored. */
  readonly bytes: number;
  /** Null where the message is larger than the limit. */
  readonly data: Uint8Array | null;
}

/** A From_ line is kept for the id and the sender in it; no real one is longer. */
const MAX_FROM_CHARS = 1000;

/**
 * Where in a line the parser is:
 *
 *     head ──► body ──┐          head: the first bytes, until it is clear what the line is
 *      ▲  └──► from ──┤          body: the rest of a line of a message
 *      └──────────────┘ LF       from: the rest of a From_ line
 */
type Place = "head" | "body" | "from";

/**
 * Takes an mbox file apart, chunk by chunk, wherever the chunks are cut. In the "mboxrd" form: a line that begins with `From `, at
 * the start or after an empty line, opens a message; a line of `>`s and `From ` has one `>` less in the message; the empty
 * line before a From_ line, or at the end of the file, is no part of a message.
 *
 * Memory: one message, at most `limit` bytes of it. Lines may be of any length; of a line's head only counts are kept.
 */
export class MboxParser {
  readonly #limit: number;
  #place: Place = "head";
  /** The head of this line so far: at least one `>`, then this many bytes of `From `; or a lone CR. */
  #quoted = false;
  #matched = 0;
  #carriageReturn = false;
  /** The line before was empty (or there is none): `From ` may open a message. */
  #afterEmpty = true;
  /** An empty line that belongs to the message only if something follows. */
  #held: Uint8Array | null = null;
  #from = "";
  #message: MessageBuffer | null = null;
  #finished: MboxMessage[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the messages that this chunk completed. The parser keeps views of the chunk until its message is complete. */
  push(chunk: Uint8Array): MboxMessage[] {
    let at = 0;
    while (at < chunk.length) {
      if (this.#place === "head") at = this.#head(chunk, at);
      else at = this.#restOfLine(chunk, at);
    }
    return this.#take();
  }

  /** The file's end: returns the last message. */
  end(): MboxMessage[] {
    this.#flushHead();
    this.#finish();
    return this.#take();
  }

  /** One byte of a line's head. Returns where to go on: the same place when the byte turned out to be of the body. */
  #head(chunk: Uint8Array, at: number): number {
    const byte = chunk[at] as number;
    if (this.#matched > 0 || (byte === FROM[0] && !this.#carriageReturn)) return this.#headOfFrom(byte, at);
    if (byte === LF) {
      if (this.#quoted) return this.#becomeBody(at);
      this.#emptyLine(this.#carriageReturn ? CRLF : CRLF.subarray(1));
      return at + 1;
    }
    if (this.#carriageReturn) return this.#becomeBody(at);
    if (byte === CR && !this.#quoted) this.#carriageReturn = true;
    else if (byte !== GREATER) return this.#becomeBody(at);
    // One `>` is held back, it may be the quote; the order of equal bytes does not matter, so the others can go on.
    else if (this.#quoted) this.#emit(chunk, at, at + 1);
    else this.#quoted = true;
    return at + 1;
  }

  #headOfFrom(byte: number, at: number): number {
    if (byte !== FROM[this.#matched]) return this.#becomeBody(at);
    if (++this.#matched < FROM.length) return at + 1;
    if (this.#quoted) this.#quoted = false;
    else if (this.#afterEmpty) {
      this.#open();
      return at + 1;
    }
    return this.#becomeBody(at + 1);
  }

  /** The line is one of the message's own: what was held of its head is. */
  #becomeBody(at: number): number {
    this.#flushHead();
    this.#place = "body";
    return at;
  }

  #flushHead(): void {
    if (this.#quoted) this.#emit(GREATER_BYTE, 0, 1);
    if (this.#matched > 0) this.#emit(FROM, 0, this.#matched);
    if (this.#carriageReturn) this.#emit(CRLF, 0, 1);
    this.#clearHead();
  }

  #clearHead(): void {
    this.#quoted = false;
    this.#matched = 0;
    this.#carriageReturn = false;
  }

  #restOfLine(chunk: Uint8Array, at: number): number {
    const lineFeed = chunk.indexOf(LF, at);
    const end = lineFeed === -1 ? chunk.length : lineFeed + 1;
    if (this.#place === "body") {
      this.#emit(chunk, at, end);
    } else if (this.#from.length < MAX_FROM_CHARS) {
      this.#from += Buffer.from(chunk.subarray(at, Math.min(end, at + MAX_FROM_CHARS))).toString("latin1");
    }
    if (lineFeed !== -1) {
      this.#place = "head";
      this.#afterEmpty = false;
    }
    return end;
  }

  #emptyLine(line: Uint8Array): void {
    this.#clearHead();
    this.#afterEmpty = true;
    if (this.#message === null) return;
    this.#flushHeld();
    this.#held = line;
  }

  #flushHeld(): void {
    const held = this.#held;
    this.#held = null;
    if (held !== null) this.#message?.append(held, 0, held.length);
  }

  #emit(source: Uint8Array, from: number, to: number): void {
    if (this.#message === null) throw new MailError("no mbox file: it does not begin with a From_ line");
    this.#flushHeld();
    this.#message.append(source, from, to);
  }

  /** `From ` of a From_ line was read. */
  #open(): void {
    this.#finish();
    this.#message = new MessageBuffer(this.#limit);
    this.#from = "";
    this.#clearHead();
    this.#place = "from";
  }

  #finish(): void {
    const message = this.#message;
    this.#held = null;
    this.#message = null;
    if (message === null) return;
    this.#finished.push({ from: this.#from.trim(), bytes: message.bytes, data: message.take() });
  }

  #take(): MboxMessage[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }
}

const GREATER_BYTE = Uint8Array.of(GREATER);

import { MailError } from "../../errors.ts";
import { MessageBuffer } from "../message-buffer.ts";
import { CR, CRLF, FROM, GREATER, LF } from "./mbox-format.ts";

export interface MboxMessage {
  /** The rest of the From_ line, after `From `. */
  readonly from: string;
  /** The size of the message, unquoted. */
  readonly bytes: number;
  /** Null if the message is larger than the limit. */
  readonly data: Uint8Array | null;
}

/** A From_ line is kept, for the id in it, up to this length. Real ones are shorter. */
const MAX_FROM_CHARS = 1000;

/**
 * The state of the parser within a line:
 *
 *     head ──► body ──┐          head: the first bytes, until they decide which kind of line it is
 *      ▲  └──► from ──┤          body: the rest of a line of a message
 *      └──────────────┘ LF       from: the rest of a From_ line
 */
type LineState = "head" | "body" | "from";

/**
 * Parses an mbox file in chunks that may end anywhere. The format is "mboxrd":
 *
 * - A line that starts with `From `, at the start of the file or after an empty line, starts a message.
 * - A line that starts with one or more `>` and then `From ` is quoted: the message has it with one `>` less.
 * - The empty line before a From_ line, or at the end of the file, is not part of the message.
 *
 * Memory: at most `limit` bytes of one message. Lines may have any length: of a line's head only counts are kept.
 */
export class MboxParser {
  readonly #limit: number;
  #state: LineState = "head";
  /** The head of this line so far: whether it has a `>`, how many bytes of `From ` follow, or whether it is one CR. */
  #quoted = false;
  #matched = 0;
  #carriageReturn = false;
  /** The line before is empty, or there is none: a From_ line may follow. */
  #afterEmpty = true;
  /** The last empty line. It belongs to the message only if another line of the message follows. */
  #held: Uint8Array | null = null;
  #from = "";
  #message: MessageBuffer | null = null;
  #finished: MboxMessage[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Returns the messages that this chunk completes. The parser keeps views of the chunk until its last message is
   * complete.
   */
  push(chunk: Uint8Array): MboxMessage[] {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === "head") at = this.#head(chunk, at);
      else at = this.#restOfLine(chunk, at);
    }
    return this.#take();
  }

  /** Called at the end of the file. Returns the last message. */
  end(): MboxMessage[] {
    this.#flushHead();
    this.#finish();
    return this.#take();
  }

  /** Parses one byte of a line's head. Returns the next offset, which is `at` again if the byte belongs to the body. */
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
    // One `>` is held back, because it may be the quote. Any of them will do, so the others are emitted at once.
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

  /** The line belongs to the message, and so does its head, which was held back. */
  #becomeBody(at: number): number {
    this.#flushHead();
    this.#state = "body";
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
    if (this.#state === "body") {
      this.#emit(chunk, at, end);
    } else if (this.#from.length < MAX_FROM_CHARS) {
      this.#from += Buffer.from(chunk.subarray(at, Math.min(end, at + MAX_FROM_CHARS))).toString("latin1");
    }
    if (lineFeed !== -1) {
      this.#state = "head";
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
    if (this.#message === null) throw new MailError("not an mbox file: it does not start with a From_ line");
    this.#flushHeld();
    this.#message.append(source, from, to);
  }

  /** Starts a message: the `From ` of a From_ line was read. */
  #open(): void {
    this.#finish();
    this.#message = new MessageBuffer(this.#limit);
    this.#from = "";
    this.#clearHead();
    this.#state = "from";
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

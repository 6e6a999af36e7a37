import { randomBytes } from "node:crypto";
import { mailSizes } from "./mail-sizes.ts";

/** `random` does not compress; snappy compresses `text` to about a third. */
export type PayloadKind = "random" | "text";

/** Bytes of each message, or `mail` for the sizes of `mailSizes`. */
export type MessageSize = number | "mail";

/** Different messages of one size: enough to defeat the CPU's caches, few enough for memory. */
const POOL = 64;
const POOL_BYTES = 32 * 1024 * 1024;
const MAIL_POOL = 512;

const WORDS =
  "dear customer your order has been shipped and will arrive on monday please find the invoice attached to this message thank you for buying with us kind regards the team unsubscribe".split(
    " ",
  );

/** The messages to store. Made before the measurement. */
export class Payloads {
  readonly #messages: readonly Uint8Array[];

  constructor(size: MessageSize, kind: PayloadKind) {
    const sizes =
      size === "mail"
        ? mailSizes(MAIL_POOL)
        : new Array<number>(Math.max(1, Math.min(POOL, Math.floor(POOL_BYTES / size)))).fill(size);
    this.#messages = sizes.map((bytes) => (kind === "random" ? randomBytes(bytes) : textOf(bytes)));
  }

  /** The message to store under key `index`. */
  at(index: number): Uint8Array {
    return this.#messages[index % this.#messages.length] as Uint8Array;
  }
}

/** Random words, with numbers between them as in letters and invoices. */
function textOf(bytes: number): Buffer {
  let text = "";
  while (text.length < bytes) {
    const word = WORDS[Math.floor(Math.random() * WORDS.length)];
    text += Math.random() < 0.1 ? `${word} ${Math.floor(Math.random() * 1e6)}\r\n` : `${word} `;
  }
  return Buffer.from(text.slice(0, bytes), "latin1");
}

import type { MessagePort } from "node:worker_threads";
import { type ErrorRecord, fromErrorRecord, toErrorRecord } from "@rockspool/core";

/**
 * A stream of items over a port, from a shard's thread to the main thread, with back-pressure. Each credit allows one
 * item. The receiver sends as many credits as it is ready to hold items, and one more for each item it has used: a
 * receiver that stops reading stops the sender, and memory holds no more items than there are credits.
 *
 *     receiver ── credit ─────────▶ sender
 *     receiver ◀───── item ─────── sender    uses one credit
 *     receiver ◀───── end ──────── sender    needs no credit; null, or the error that ended the stream early
 *     receiver closes its port ───▶ sender    stops
 */
export interface StreamEnd {
  readonly end: ErrorRecord | null;
}

/** An item is an object without the property `end`. */
export type StreamMessage<Item extends object> = Item | StreamEnd;

export class CreditSender<Item extends object, Credit> {
  readonly #port: MessagePort;
  readonly #path: string;
  readonly #credits: Credit[] = [];
  #closed = false;
  #wake: (() => void) | null = null;

  /** `path`: the shard's directory, for errors. */
  constructor(port: MessagePort, path: string) {
    this.#port = port;
    this.#path = path;
    port.on("message", (credit: Credit) => {
      this.#credits.push(credit);
      this.#wake?.();
    });
    port.on("close", () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** The receiver has closed its port. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Waits for a credit and takes it. Null once the receiver has closed its port. */
  async takeCredit(): Promise<Credit | null> {
    while (this.#credits.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#closed ? null : (this.#credits.shift() ?? null);
  }

  /** The caller has taken a credit for the item. */
  send(item: Item, transfer: readonly ArrayBuffer[]): void {
    this.#post(item, transfer);
  }

  /** Ends the stream, with the error that ended it early or null, and closes the port. */
  end(error: unknown): void {
    this.#post({ end: error === null ? null : toErrorRecord(error, this.#path) });
    this.#port.close();
  }

  #post(message: StreamMessage<Item>, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** The receiver's owner reports with `fail` that the sender has died: a dead sender sends no end. */
export class CreditReceiver<Item extends object, Credit> {
  readonly #port: MessagePort;
  readonly #onChange: () => void;
  readonly #items: Item[] = [];
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  /** `onChange` is called when an item has arrived and when the stream has ended. */
  constructor(port: MessagePort, onChange: () => void = () => {}) {
    this.#port = port;
    this.#onChange = onChange;
    port.on("message", (message: StreamMessage<Item>) => {
      if ("end" in message) this.#end(message.end === null ? null : fromErrorRecord(message.end));
      else {
        this.#items.push(message);
        this.#changed();
      }
    });
  }

  /** The end has arrived or the sender has died. Items that arrived before can still be taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why the stream ended early; null while it runs and after a complete one. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Items that have arrived and are not taken. */
  get size(): number {
    return this.#items.length;
  }

  /** The next item if one has arrived, else null. */
  poll(): Item | null {
    return this.#items.shift() ?? null;
  }

  /** Waits for the next item. Null at the end; rejects there if the stream ended early. */
  async take(): Promise<Item | null> {
    while (this.#items.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const item = this.poll();
    if (item === null && this.#failure !== null) throw this.#failure;
    return item;
  }

  credit(credit: Credit, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(credit, transfer);
  }

  /** Ends the stream unless it has ended. */
  fail(error: Error): void {
    this.#end(error);
  }

  close(): void {
    this.#port.close();
  }

  #end(failure: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#changed();
  }

  #changed(): void {
    this.#onChange();
    this.#wake?.();
  }
}

import type { Writable } from "node:stream";
import { OutputClosedError } from "../errors.ts";

/** Lines are buffered up to this many characters. A terminal gets each line at once. */
const BUFFER_CHARS = 16 * 1024;

const CLOSED = "the reader of stdout closed it";

/**
 * stdout. A write resolves when the stream has taken it, so a slow reader slows the command down instead of filling
 * memory. A write after the reader closed the pipe rejects with an `OutputClosedError`.
 */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean };
  readonly #limit: number;
  #pending = "";
  #failure: Error | null = null;

  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream;
    this.#limit = stream.isTTY ? 0 : BUFFER_CHARS;
    // Never removed: EPIPE may come after the last write.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure ??= error.code === "EPIPE" ? new OutputClosedError(CLOSED) : error;
    });
  }

  async line(text: string): Promise<void> {
    this.#pending += `${text}\n`;
    if (this.#pending.length > this.#limit) await this.flush();
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** Buffers text that the next `flush` writes. */
  append(text: string): void {
    this.#pending += text;
  }

  async bytes(data: Uint8Array): Promise<void> {
    await this.flush();
    await this.#write(data);
  }

  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    if (text.length > 0) await this.#write(text);
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    if (this.#failure === null) {
      await new Promise<void>((resolve, reject) => {
        this.#stream.write(chunk, (error) => {
          // The callback may be called before the error event.
          if (error && (error as NodeJS.ErrnoException).code !== "EPIPE") reject(error);
          else if (error) reject(new OutputClosedError(CLOSED));
          else resolve();
        });
      });
    }
    if (this.#failure !== null) throw this.#failure;
  }
}

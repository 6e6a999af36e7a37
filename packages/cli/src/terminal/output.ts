import type { Writable } from "node:stream";
import { OutputClosedError } from "../errors.ts";

/** Lines are gathered to this many characters before they are written, except for a terminal, which shows each at once. */
const BUFFER_CHARS = 16 * 1024;

/**
 * stdout. Every write waits for the reader, so a slow one slows the command instead of filling memory; one that went away
 * rejects with `OutputClosedError`.
 */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean };
  readonly #limit: number;
  #pending = "";
  #failure: Error | null = null;

  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream;
    this.#limit = stream.isTTY ? 0 : BUFFER_CHARS;
    // For as long as the process lives: EPIPE may come after the last write.
    stream.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure ??= error.code === "EPIPE" ? new OutputClosedError("the reader of stdout went away") : error;
    });
  }

  async line(text: string): Promise<void> {
    this.#pending += `${text}\n`;
    if (this.#pending.length > this.#limit) await this.flush();
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
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
          // The callback may come before the error event.
          if (error && (error as NodeJS.ErrnoException).code !== "EPIPE") reject(error);
          else if (error) reject(new OutputClosedError("the reader of stdout went away"));
          else resolve();
        });
      });
    }
    if (this.#failure !== null) throw this.#failure;
  }
}

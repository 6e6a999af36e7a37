import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { SpoolId } from "rockspool";
import type { Output } from "../terminal/output.ts";
import type { MailTarget } from "./mail-target.ts";
import { syncDirectory } from "./whole-file.ts";

/** Small messages are gathered to this many bytes: a write each would cost more than the messages do. */
const WRITE_BYTES = 256 * 1024;

/** How messages become one file, as pieces to be written one after another. */
export interface FileEncoding {
  head(): Uint8Array[];
  entry(id: SpoolId, data: Uint8Array): Uint8Array[];
  /** Called when all entries have been asked for. */
  tail(): Uint8Array[];
}

/** One file of many messages, under a temporary name until it is complete. */
export class FileTarget implements MailTarget {
  readonly keepsPartial = false;
  readonly parallel = false;
  readonly #path: string;
  readonly #temporary: string;
  readonly #sync: boolean;
  readonly #encoding: FileEncoding;
  #file: FileHandle | null = null;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string, encoding: FileEncoding, sync: boolean) {
    this.#path = path;
    this.#encoding = encoding;
    this.#temporary = `${path}.${process.pid}.part`;
    this.#sync = sync;
  }

  async open(): Promise<void> {
    this.#file = await open(this.#temporary, "w");
    this.#add(this.#encoding.head());
  }

  async write(id: SpoolId, data: Uint8Array): Promise<void> {
    this.#add(this.#encoding.entry(id, data));
    if (this.#bytes >= WRITE_BYTES) await this.#flush();
  }

  async complete(): Promise<void> {
    this.#add(this.#encoding.tail());
    await this.#flush();
    if (this.#sync) await this.#file?.datasync();
    await this.#file?.close();
    this.#file = null;
    await rename(this.#temporary, this.#path);
    if (this.#sync) await syncDirectory(dirname(this.#path));
  }

  async abandon(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
    await rm(this.#temporary, { force: true });
  }

  #add(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    await this.#file?.writeFile(bytes);
  }
}

/** The same on stdout. What was written is with the reader: it cannot be taken back. */
export class OutputTarget implements MailTarget {
  readonly keepsPartial = true;
  readonly parallel = false;
  readonly #out: Output;
  readonly #encoding: FileEncoding;

  constructor(out: Output, encoding: FileEncoding) {
    this.#out = out;
    this.#encoding = encoding;
  }

  open(): Promise<void> {
    return this.#out.bytes(Buffer.concat(this.#encoding.head()));
  }

  write(id: SpoolId, data: Uint8Array): Promise<void> {
    return this.#out.bytes(Buffer.concat(this.#encoding.entry(id, data)));
  }

  complete(): Promise<void> {
    return this.#out.bytes(Buffer.concat(this.#encoding.tail()));
  }

  async abandon(): Promise<void> {}
}

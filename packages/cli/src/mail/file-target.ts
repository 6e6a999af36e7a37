import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { SpoolId } from "rockspool";
import type { Output } from "../terminal/output.ts";
import type { MailTarget } from "./mail-target.ts";
import { syncDirectory } from "./whole-file.ts";

/** Messages are buffered up to this many bytes: one write for each small message would be slow. */
const WRITE_BYTES = 256 * 1024;

/** Encodes messages as one file, in pieces that are written one after another. */
export interface FileEncoding {
  head(): Uint8Array[];
  entry(id: SpoolId, data: Uint8Array): Uint8Array[];
  /** Called after the last entry. */
  tail(): Uint8Array[];
}

/** One file with all messages. It has a temporary name until it is complete. */
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

  async discard(): Promise<void> {
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

/** The same on stdout, where nothing that was written can be discarded. */
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

  async discard(): Promise<void> {}
}

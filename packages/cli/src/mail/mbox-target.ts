import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { SpoolId } from "rockspool";
import type { Output } from "../terminal/output.ts";
import type { MailTarget } from "./mail-target.ts";
import { mboxEntry } from "./mbox-writer.ts";
import { syncDirectory } from "./whole-file.ts";

/** Small messages are gathered to this many bytes: a write each would cost more than the messages do. */
const WRITE_BYTES = 256 * 1024;

/** An mbox file, under a temporary name until it is complete. */
export class MboxFileTarget implements MailTarget {
  readonly keepsPartial = false;
  readonly parallel = false;
  readonly #path: string;
  readonly #temporary: string;
  readonly #sync: boolean;
  #file: FileHandle | null = null;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string, sync: boolean) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.part`;
    this.#sync = sync;
  }

  async open(): Promise<void> {
    this.#file = await open(this.#temporary, "w");
  }

  async write(id: SpoolId, data: Uint8Array): Promise<void> {
    for (const piece of mboxEntry(id, data)) {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
    }
    if (this.#bytes >= WRITE_BYTES) await this.#flush();
  }

  async complete(): Promise<void> {
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

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    await this.#file?.writeFile(bytes);
  }
}

/** stdout as an mbox file. What was written is with the reader: it cannot be taken back. */
export class MboxOutputTarget implements MailTarget {
  readonly keepsPartial = true;
  readonly parallel = false;
  readonly #out: Output;

  constructor(out: Output) {
    this.#out = out;
  }

  async open(): Promise<void> {}

  write(id: SpoolId, data: Uint8Array): Promise<void> {
    return this.#out.bytes(Buffer.concat(mboxEntry(id, data)));
  }

  async complete(): Promise<void> {}

  async abandon(): Promise<void> {}
}

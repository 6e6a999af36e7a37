import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolId } from "rockspool";
import { writeEml } from "./eml.ts";
import type { MailTarget } from "./mail-target.ts";
import { createMaildir, deliver } from "./maildir.ts";
import { syncDirectory } from "./whole-file.ts";

/** A Maildir, or a folder of `.eml` files. Every file in it is complete, so a discarded export keeps them. */
export class FolderTarget implements MailTarget {
  readonly keepsPartial = true;
  readonly parallel = true;
  readonly #path: string;
  readonly #format: "maildir" | "eml";
  readonly #sync: boolean;

  constructor(path: string, format: "maildir" | "eml", sync: boolean) {
    this.#path = path;
    this.#format = format;
    this.#sync = sync;
  }

  async open(): Promise<void> {
    if (this.#format === "maildir") await createMaildir(this.#path);
    else await mkdir(this.#path, { recursive: true });
  }

  write(id: SpoolId, data: Uint8Array): Promise<void> {
    return this.#format === "maildir"
      ? deliver(this.#path, id, data, this.#sync)
      : writeEml(this.#path, id, data, this.#sync);
  }

  async complete(): Promise<void> {
    if (this.#sync) await syncDirectory(this.#format === "maildir" ? join(this.#path, "new") : this.#path);
  }

  async discard(): Promise<void> {
    await this.complete();
  }
}

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The one directory that everything measured is in. `remove` leaves nothing behind. */
export class WorkDirectory {
  readonly path: string;
  #count = 0;

  /** Made in `parent`, which is there. */
  constructor(parent: string) {
    this.path = mkdtempSync(join(parent, "rockspool-bench-"));
  }

  /** A fresh directory in it. */
  make(): string {
    const path = join(this.path, String(this.#count++));
    mkdirSync(path);
    return path;
  }

  /** Synchronous, so that it can be the last thing a process does. */
  remove(path: string = this.path): void {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

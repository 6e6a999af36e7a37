import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** The directory of all runs. */
export class WorkDirectory {
  readonly path: string;
  #count = 0;

  /** `parent` must exist. */
  constructor(parent: string) {
    this.path = mkdtempSync(join(parent, "rockspool-bench-"));
  }

  /** Makes a directory in it. */
  make(): string {
    const path = join(this.path, String(this.#count++));
    mkdirSync(path);
    return path;
  }

  /** Synchronous, so that it can run just before the process ends. */
  remove(path: string = this.path): void {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

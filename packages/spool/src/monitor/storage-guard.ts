import type { FreeLimit } from "@rockspool/core";

/**
 * The free space and inodes of the spool's file system, and whether they are below the limits. The monitor's tick reads
 * them; `store` and a scrape use the last result and make no call.
 */

/**
 * A full file system counts as free again only at a tenth above the limit. Without that it would change at every tick
 * near the limit.
 */
const HYSTERESIS = 1.1;

/** The fields of `statfs` that are used. */
export interface FileSystemSpace {
  /** Bytes of a block. */
  readonly bsize: number;
  readonly blocks: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

export class StorageGuard {
  readonly path: string;
  readonly #minSpace: FreeLimit;
  readonly #minInodes: FreeLimit;
  readonly #statfs: (path: string) => Promise<FileSystemSpace>;
  #full = false;
  #freeBytes: number | null = null;
  #freeInodes: number | null = null;

  constructor(
    path: string,
    minSpace: FreeLimit,
    minInodes: FreeLimit,
    statfs: (path: string) => Promise<FileSystemSpace>,
  ) {
    this.#statfs = statfs;
    this.path = path;
    this.#minSpace = minSpace;
    this.#minInodes = minInodes;
  }

  get full(): boolean {
    return this.#full;
  }

  /** Null until the first check. */
  get freeBytes(): number | null {
    return this.#freeBytes;
  }

  /** Null until the first check, and on a file system that does not count inodes. */
  get freeInodes(): number | null {
    return this.#freeInodes;
  }

  /** Rejects if `statfs` fails. */
  async check(): Promise<void> {
    const { bsize, blocks, bavail, files, ffree } = await this.#statfs(this.path);
    this.#freeBytes = bavail * bsize;
    this.#freeInodes = files === 0 ? null : ffree;
    this.#full =
      this.#isBelow(this.#minSpace, bavail * bsize, blocks * bsize) || this.#isBelow(this.#minInodes, ffree, files);
  }

  #isBelow(limit: FreeLimit, free: number, total: number): boolean {
    const least = "percent" in limit ? (limit.percent / 100) * total : limit.amount;
    return free < (this.#full ? least * HYSTERESIS : least);
  }
}

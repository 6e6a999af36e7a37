import type { FreeLimit } from "@rockspool/core";

/**
 * How much free space and how many free inodes the spool's file system has, and whether that is as much as was asked for. Looked
 * at in the monitor's tick; `store` and a scrape see the result and make no call.
 */

/** Once full, there must be a tenth more than the limit before it counts as free again: else it would flap at the limit. */
const HYSTERESIS = 1.1;

/** What a file system says of its space and inodes. */
export interface FileSystemSpace {
  /** Bytes. */
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

  /** Null until it was looked at. */
  get freeBytes(): number | null {
    return this.#freeBytes;
  }

  /** Null until it was looked at, and where the file system counts none. */
  get freeInodes(): number | null {
    return this.#freeInodes;
  }

  /** Rejects where the file system does not say. */
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

import { statfs } from "node:fs/promises";
import type { FreeLimit } from "@rockspool/core";

/**
 * Whether the file system of the spool has as much free space, and as many free inodes, as was asked for. Looked at in the monitor's
 * tick; `store` sees the result and makes no call.
 */

/** Once full, there must be a tenth more than the limit before it counts as free again: else it would flap at the limit. */
const HYSTERESIS = 1.1;

export class StorageGuard {
  readonly #path: string;
  readonly #minSpace: FreeLimit;
  readonly #minInodes: FreeLimit;
  #full = false;

  constructor(path: string, minSpace: FreeLimit, minInodes: FreeLimit) {
    this.#path = path;
    this.#minSpace = minSpace;
    this.#minInodes = minInodes;
  }

  get full(): boolean {
    return this.#full;
  }

  /** Rejects where the file system does not say. */
  async check(): Promise<void> {
    if (isOff(this.#minSpace) && isOff(this.#minInodes)) return;
    const { bsize, blocks, bavail, files, ffree } = await statfs(this.#path);
    this.#full =
      this.#isBelow(this.#minSpace, bavail * bsize, blocks * bsize) || this.#isBelow(this.#minInodes, ffree, files);
  }

  #isBelow(limit: FreeLimit, free: number, total: number): boolean {
    const least = "percent" in limit ? (limit.percent / 100) * total : limit.amount;
    return free < (this.#full ? least * HYSTERESIS : least);
  }
}

function isOff(limit: FreeLimit): boolean {
  return "percent" in limit ? limit.percent === 0 : limit.amount === 0;
}

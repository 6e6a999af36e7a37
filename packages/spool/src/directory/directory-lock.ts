import { openSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError, SpoolLockedError } from "@rockspool/core";
import FDLock from "fd-lock";

/**
 * One opener a directory: a lock on `rockspool.lock`, which the kernel gives back when the process ends, however it ends.
 * RocksDB locks each shard as well, but two openers could then have half of the shards each.
 */
export class DirectoryLock {
  readonly #lock: FDLock;

  private constructor(lock: FDLock) {
    this.#lock = lock;
  }

  /** Throws a `SpoolLockedError` where another process, or another spool of this one, has it. */
  static async take(path: string): Promise<DirectoryLock> {
    return DirectoryLock.#lockFile(path, "a+");
  }

  /** The same without making a file. Null where nobody can have the directory open: no lock is there, or nothing can be written. */
  static async takeExisting(path: string): Promise<DirectoryLock | null> {
    try {
      return await DirectoryLock.#lockFile(path, "r+");
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      if (error instanceof SpoolEngineError && (code === "ENOENT" || code === "EROFS")) return null;
      throw error;
    }
  }

  static async #lockFile(path: string, flags: string): Promise<DirectoryLock> {
    let descriptor: number;
    try {
      descriptor = openSync(join(path, "rockspool.lock"), flags);
    } catch (cause) {
      throw new SpoolEngineError((cause as Error).message, { kind: "io", path, cause });
    }
    // Closes the descriptor itself when it cannot lock it.
    const lock = new FDLock(descriptor);
    try {
      await lock.ready();
    } catch (error) {
      throw new SpoolLockedError(path, error);
    }
    return new DirectoryLock(lock);
  }

  async release(): Promise<void> {
    await this.#lock.close();
  }
}

import { openSync } from "node:fs";
import { join } from "node:path";
import { SpoolEngineError, SpoolLockedError } from "@rockspool/core";
import FDLock from "fd-lock";

/**
 * The lock of a spool's directory, on its file `rockspool.lock`. The kernel releases it when the process ends, even by
 * a signal. RocksDB's locks of the shards do not suffice: of two processes that open a spool at once, each could lock
 * some of the shards.
 */
export class DirectoryLock {
  readonly #lock: FDLock;

  private constructor(lock: FDLock) {
    this.#lock = lock;
  }

  /** Throws a `SpoolLockedError` if another process has the lock, or another spool of this process. */
  static async take(path: string): Promise<DirectoryLock> {
    return DirectoryLock.#lockFile(path, "a+");
  }

  /**
   * As `take`, but creates no file. Null if the directory cannot be open: it has no lock file, or the file system is
   * read-only.
   */
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
    // If it cannot lock the file, it closes the descriptor itself.
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

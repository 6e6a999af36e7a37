import { type LogLevel, SpoolEngineError } from "@rockspool/core";
import type { Engine } from "./engine.ts";

export interface FileGuardParts {
  readonly engine: Pick<Engine, "missingFiles" | "restore">;
  readonly shard: number;
  /** The shard's directory. */
  readonly path: string;
  /** Counts the error and latches. */
  onError(error: Error): void;
  log(level: LogLevel, fields: object, message: string): void;
}

/** Looks whether all files that RocksDB needs are in the shard's directory, and has those written anew that are not. */
export class FileGuard {
  readonly #parts: FileGuardParts;
  /** The files that are missing and could not be restored. */
  #missing: readonly string[] = [];
  #restoring: Promise<readonly string[]> | null = null;

  constructor(parts: FileGuardParts) {
    this.#parts = parts;
  }

  /**
   * Latches where a file is missing, and writes it anew as far as its content is at hand: once for the same files, unless `again`.
   * One at a time. Resolves to what is missing then.
   */
  restoreMissing(again: boolean): Promise<readonly string[]> {
    this.#restoring ??= this.#restore(again).finally(() => {
      this.#restoring = null;
    });
    return this.#restoring;
  }

  areMissing(files: readonly string[]): SpoolEngineError {
    const message = `${files.join(", ")} is missing from the shard's directory`;
    return new SpoolEngineError(message, { kind: "io", path: this.#parts.path });
  }

  async #restore(again: boolean): Promise<readonly string[]> {
    const { engine, shard, path, onError, log } = this.#parts;
    const missing = await engine.missingFiles();
    const known = missing.join() === this.#missing.join();
    this.#missing = missing;
    if (missing.length === 0 || (known && !again)) return missing;
    if (!known) onError(this.areMissing(missing));
    const failure = await engine.restore(missing).then(
      () => null,
      (error: Error) => error,
    );
    const left = await engine.missingFiles();
    this.#missing = left;
    const restored = left.length === 0;
    const why = failure === null ? "" : `: ${failure.message}`;
    const outcome = restored
      ? "and is restored"
      : `and ${left.join(", ")} cannot be restored while the shard is open${why}`;
    log(
      restored ? "warn" : "error",
      { shard, path, missing, left },
      `rocksdb at ${path}: ${missing.join(", ")} was missing, ${outcome}`,
    );
    return left;
  }
}

import { access } from "node:fs/promises";
import { basename } from "node:path";
import { type LogLevel, SpoolEngineError } from "@rockspool/core";
import type { EngineFiles } from "../engine/engine-files.ts";
import { areRestoredByClosing } from "./live-files.ts";

export interface FileGuardParts {
  readonly files: Pick<EngineFiles, "missingFiles" | "restore">;
  readonly shard: number;
  /** The shard's directory. */
  readonly path: string;
  /** The spool's own file. */
  readonly layoutPath: string;
  /** Counts the error and latches. */
  onError(error: Error): void;
  log(level: LogLevel, fields: object, message: string): void;
}

/**
 * Looks whether all files that RocksDB needs are in the shard's directory, and has those written anew that are not: but
 * not where the spool's own file is gone too. Then somebody removes the spool, and each file that comes back is in the
 * way.
 */
export class FileGuard {
  readonly #parts: FileGuardParts;
  /** The files that are missing and could not be restored. */
  #missing: readonly string[] = [];
  /** When it was last looked at, because files were missing. */
  #isSpoolGone = false;
  #restoring: Promise<readonly string[]> | null = null;

  constructor(parts: FileGuardParts) {
    this.#parts = parts;
  }

  /**
   * Latches where a file is missing, and writes it anew as far as its content is at hand: once for the same files,
   * unless `again`. Where the spool is gone nothing is written.
   * One at a time. Resolves to what is missing then.
   */
  restoreMissing(again: boolean): Promise<readonly string[]> {
    this.#restoring ??= this.#restore(again).finally(() => {
      this.#restoring = null;
    });
    return this.#restoring;
  }

  /** What `restoreMissing` found, as an error. */
  areMissing(files: readonly string[]): SpoolEngineError {
    const gone = this.#isSpoolGone ? `${this.#whySpoolIsGone()}, and nothing is written anew: ` : "";
    const message = `${gone}${files.join(", ")} is missing or damaged in the shard's directory`;
    return new SpoolEngineError(message, { kind: "io", path: this.#parts.path });
  }

  /** Whether `restoreMissing` found files missing, and the spool's own among them. */
  get isSpoolGone(): boolean {
    return this.#isSpoolGone;
  }

  /** Whether what `restoreMissing` left missing comes back when the shard is closed. */
  areRestoredByClosing(files: readonly string[]): boolean {
    return !this.#isSpoolGone && areRestoredByClosing(files);
  }

  async #restore(again: boolean): Promise<readonly string[]> {
    const { files, shard, path, onError, log } = this.#parts;
    const missing = await files.missingFiles();
    const isSpoolGone = missing.length > 0 && (await isGone(this.#parts.layoutPath));
    const known = missing.join() === this.#missing.join() && isSpoolGone === this.#isSpoolGone;
    this.#missing = missing;
    this.#isSpoolGone = isSpoolGone;
    if (missing.length === 0 || (known && !again)) return missing;
    if (!known) onError(this.areMissing(missing));
    if (isSpoolGone && known) return missing;
    const why = isSpoolGone ? this.#whySpoolIsGone() : await this.#failure(missing);
    const left = isSpoolGone ? missing : await files.missingFiles();
    this.#missing = left;
    const restored = left.length === 0;
    const reason = why === null ? "" : `: ${why}`;
    const outcome = restored
      ? "and is restored"
      : `and ${left.join(", ")} cannot be restored while the shard is open${reason}`;
    log(
      restored ? "warn" : "error",
      { shard, path, missing, left },
      `rocksdb at ${path}: ${missing.join(", ")} was missing or damaged, ${outcome}`,
    );
    return left;
  }

  /** What came in the way of restoring the files; null where nothing did. */
  #failure(missing: readonly string[]): Promise<string | null> {
    return this.#parts.files.restore(missing).then(
      () => null,
      (error: Error) => error.message,
    );
  }

  #whySpoolIsGone(): string {
    return `${basename(this.#parts.layoutPath)} is missing from the spool's directory`;
  }
}

/** Of a file that is there and cannot be looked at nobody knows that it is gone. */
async function isGone(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === "ENOENT" || code === "ENOTDIR",
  );
}

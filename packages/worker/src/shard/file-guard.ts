import { accessSync } from "node:fs";
import { basename } from "node:path";
import { type LogLevel, SpoolEngineError } from "@rockspool/core";
import { segmentName } from "../log/segment-file.ts";
import type { MessageStore } from "../store/message-store.ts";

export interface FileGuardParts {
  readonly store: MessageStore;
  readonly shard: number;
  /** The shard's directory. */
  readonly path: string;
  /** The spool's own file. */
  readonly layoutPath: string;
  /** Writes missing segments again. */
  restore(segments: readonly number[]): Promise<void>;
  /** Makes the index anew from the log. */
  rebuild(): Promise<void>;
  /** Counts the error and latches. */
  onError(error: Error): void;
  log(level: LogLevel, fields: object, message: string): void;
}

/**
 * Checks that the files of an open shard are in their directories. RocksDB and the log have them open and would notice
 * a missing one only at the next opening. A missing file latches the shard. Then a missing segment is written again
 * from its open descriptor; for a missing file of the index, the index is made anew from the log. If the spool's own
 * file is missing too, the spool is being removed: nothing is written.
 */
export class FileGuard {
  readonly #parts: FileGuardParts;
  #missing: readonly string[] = [];
  #indexFailed = false;
  #checking: Promise<readonly string[]> | null = null;

  constructor(parts: FileGuardParts) {
    this.#parts = parts;
  }

  /** To be called when the index reports corruption: the next check makes it anew. */
  indexFailed(): void {
    this.#indexFailed = true;
  }

  /** Resolves to the files that are still missing after the repair. A call during a check returns its promise. */
  check(): Promise<readonly string[]> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /** The error for files that `check` has found missing. */
  areMissing(files: readonly string[]): SpoolEngineError {
    const { path, layoutPath } = this.#parts;
    const layout = basename(layoutPath);
    const message =
      files[0] === layout
        ? `${layout} is missing from the spool's directory, and nothing is written anew`
        : `${files.join(", ")} is missing or damaged`;
    return new SpoolEngineError(message, { kind: "io", path });
  }

  async #check(): Promise<readonly string[]> {
    const { store, shard, path, layoutPath, onError, log, restore, rebuild } = this.#parts;
    const found = await this.#find();
    const isKnown = found.join() === this.#missing.join();
    this.#missing = found;
    if (found.length === 0 && !this.#indexFailed) return found;
    const told = isGone(layoutPath) ? [basename(layoutPath), ...found] : found;
    if (found.length > 0 && !isKnown) onError(this.areMissing(told));
    if (told !== found) return told;
    let why = "";
    try {
      const segments = store.log.missing();
      if (segments.length > 0) await restore(segments);
      if (this.#indexFailed || segments.length < found.length) {
        this.#indexFailed = false;
        await rebuild();
      }
    } catch (error) {
      why = `: ${(error as Error).message}`;
    }
    const left = await this.#find();
    this.#missing = left;
    if (isKnown && left.length === found.length && found.length > 0) return left;
    const what = found.length === 0 ? "the index is damaged" : `${found.join(", ")} was missing or damaged`;
    const outcome =
      left.length === 0 && why === "" ? "and is made anew" : `and ${left.join(", ") || "it"} cannot be made anew${why}`;
    log(
      left.length === 0 && why === "" ? "warn" : "error",
      { shard, path, missing: found, left },
      `rocksdb at ${path}: ${what}, ${outcome}`,
    );
    return left;
  }

  async #find(): Promise<string[]> {
    const { store } = this.#parts;
    return [...store.log.missing().map(segmentName), ...(await store.index.missingFiles())];
  }
}

/** True only if the file certainly does not exist. */
function isGone(path: string): boolean {
  try {
    accessSync(path);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR";
  }
}

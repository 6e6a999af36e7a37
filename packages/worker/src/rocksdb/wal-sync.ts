import { close, closeSync, existsSync, fdatasync, fstatSync, fsync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { SpoolEngineError } from "@rockspool/core";
import { logName, logNumber } from "../files/file-names.ts";
import { restoreFromDescriptors, writeFromDescriptor } from "../healing/descriptors.ts";
import type { LogBytes } from "../recovery/evidence.ts";

/**
 * Syncs a RocksDB's log files from outside: rocksdb-native has no sync, but every record is in the page cache when a
 * write returns, so a sync through another descriptor is as good.
 *
 * Which files: every live log that may hold an unsynced write, oldest first, because recovery stops at the first torn
 * record and drops all later logs, synced or not; then the directory, once for each new log, or the file's name may be
 * lost.
 *
 * Why the descriptors are kept: the kernel reports a failed write-back once to each descriptor that was open at the
 * time. One that is opened later says OK after the data is gone. For the same reason a failure is final: a second try
 * means nothing.
 */
interface Log {
  readonly number: number;
  readonly descriptor: number;
  /** Synced after the last write to it: RocksDB writes only to the newest. */
  complete: boolean;
  /** How much of it is known to be on the disk. */
  syncedBytes: number;
  /** Its name is known to be on the disk: before that, a power cut may take it whole. */
  named: boolean;
}

export class WalSync {
  readonly #directory: string;
  readonly #directoryDescriptor: number;
  readonly #syncFile: (descriptor: number) => Promise<void>;
  readonly #syncDirectory = promisify(fsync);
  #logs: Log[] = [];
  /** Logs that went away while a sync was running, which may still use their descriptors. */
  #gone: Log[] = [];
  #syncs = 0;
  #closed = false;
  #failure: Error | null = null;

  constructor(directory: string, fullSync: boolean) {
    this.#directory = directory;
    this.#directoryDescriptor = openSync(directory, "r");
    this.#syncFile = promisify(fullSync ? fsync : fdatasync);
  }

  /**
   * Takes note of logs that came and went. Called after each batch that may have started a new log, so that its
   * descriptor is there before the kernel can have failed to write any of it. A log that went away before
   * `minLogNumberToKeep()` allowed it was not flushed to a table: somebody took it.
   */
  async refresh(minLogNumberToKeep: () => Promise<number>): Promise<void> {
    const known = this.#logs;
    const live = new Set<number>();
    for (const name of readdirSync(this.#directory)) {
      const number = logNumber(name);
      if (number !== null) live.add(number);
    }
    const keep = await minLogNumberToKeep();
    // From here on nothing waits: another refresh may have run meanwhile, so only what is still here and was here then
    // counts.
    for (const log of known) {
      if (live.has(log.number) || !this.#logs.includes(log)) continue;
      if (log.number >= keep) this.#fail(this.#error(`${logName(log.number)} was removed while it was needed`));
      this.#logs = this.#logs.filter((other) => other !== log);
      this.#gone.push(log);
    }
    if (this.#syncs === 0) this.#closeGone();
    for (const log of this.#logs) live.delete(log.number);
    for (const number of live) {
      if (number < keep) continue;
      const descriptor = openSync(join(this.#directory, logName(number)), "r");
      this.#logs = [...this.#logs, { number, descriptor, complete: false, syncedBytes: 0, named: false }];
    }
    this.#logs.sort((a, b) => a.number - b.number);
  }

  async sync(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const logs = [...this.#logs];
    const newest = logs.at(-1);
    this.#syncs++;
    try {
      for (const log of logs) {
        if (log.complete || !this.#logs.includes(log)) continue;
        const bytes = fstatSync(log.descriptor).size;
        await this.#syncFile(log.descriptor);
        log.syncedBytes = bytes;
        if (log !== newest) log.complete = true;
      }
      const unnamed = this.#logs.filter(({ named }) => !named);
      if (unnamed.length > 0) await this.#syncDirectory(this.#directoryDescriptor);
      for (const log of unnamed) log.named = true;
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#syncs--;
      if (this.#syncs === 0) this.#closeGone();
    }
  }

  /** The numbers of the live logs. */
  get live(): number[] {
    return this.#logs.map(({ number }) => number);
  }

  /** The live logs whose names are on the disk, and how much of each is known to be there. */
  get evidence(): LogBytes[] {
    return this.#logs.filter(({ named }) => named).map((log) => ({ number: log.number, bytes: log.syncedBytes }));
  }

  /** Tables, by the descriptor on the directory that tells where they went. */
  restoreTables(names: readonly string[]): Promise<void> {
    return restoreFromDescriptors(this.#directory, this.#directoryDescriptor, names);
  }

  /**
   * Writes logs that were removed anew, from `minLogNumberToKeep` on. For when RocksDB has closed them: what it still
   * writes would be missing.
   */
  async restoreRemoved(minLogNumberToKeep: number): Promise<void> {
    for (const { number, descriptor } of this.#logs) {
      const path = join(this.#directory, logName(number));
      if (number >= minLogNumberToKeep && !existsSync(path)) await writeFromDescriptor(descriptor, path);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const log of [...this.#gone, ...this.#logs]) closeSync(log.descriptor);
    this.#gone = this.#logs = [];
    closeSync(this.#directoryDescriptor);
  }

  /**
   * Not on this thread: the last to close a file that is removed waits until the file system has freed it, 5 to 160 ms
   * for 4 MiB. What was only read, and is in a table by now, has nothing to lose by a close that fails.
   */
  #closeGone(): void {
    for (const log of this.#gone) close(log.descriptor, () => {});
    this.#gone = [];
  }

  #fail(error: unknown): never {
    this.#failure ??= this.#error(error instanceof Error ? error.message : String(error), error);
    throw this.#failure;
  }

  /** Always `io`, so that it latches: what a failed sync left on the disk is not known. */
  #error(message: string, cause?: unknown): SpoolEngineError {
    if (cause instanceof SpoolEngineError) return cause;
    return new SpoolEngineError(`WAL sync failed: ${message}`, { kind: "io", path: this.#directory, cause });
  }
}

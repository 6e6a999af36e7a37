import type * as fs from "node:fs";
import { basename } from "node:path";

/** Mocks `node:fs`: records syncs, opens and closes, and lets a test delay or fail a sync. */
export class SyncRecorder {
  /** `fdatasync 000004.log`, `fsync directory`, in order. */
  readonly calls: string[] = [];
  /** The file names of the open descriptors. */
  readonly open = new Map<number, string>();
  opened = 0;
  /** Runs before each sync. If it throws, the sync fails with that error. */
  before: (call: string) => void | Promise<void> = () => {};

  reset(): void {
    this.calls.length = 0;
    this.before = () => {};
  }

  /** The calls since the last `take`. */
  take(): string[] {
    return this.calls.splice(0);
  }

  mock(real: typeof fs): typeof fs {
    const sync = (name: "fsync" | "fdatasync") => {
      const call = real[name];
      return (descriptor: number, done: (error: NodeJS.ErrnoException | null) => void): void => {
        const file = this.open.get(descriptor) ?? `closed descriptor ${descriptor}`;
        const what = `${name} ${file.endsWith(".log") ? file : "directory"}`;
        this.calls.push(what);
        void (async () => this.before(what))().then(() => call(descriptor, done), done);
      };
    };
    const openSync: typeof real.openSync = (path, flags, mode) => {
      const descriptor = real.openSync(path, flags, mode);
      this.open.set(descriptor, basename(String(path)));
      this.opened++;
      return descriptor;
    };
    const closeSync: typeof real.closeSync = (descriptor) => {
      real.closeSync(descriptor);
      this.open.delete(descriptor);
    };
    const close = (descriptor: number, done: () => void): void => {
      real.close(descriptor, done);
      this.open.delete(descriptor);
    };
    const mocked = { ...real, fsync: sync("fsync"), fdatasync: sync("fdatasync"), openSync, close, closeSync };
    return { ...mocked, default: mocked } as unknown as typeof fs;
  }
}

/** The error of a broken disk. */
export function diskError(): Error {
  return Object.assign(new Error("input/output error"), { code: "EIO" });
}

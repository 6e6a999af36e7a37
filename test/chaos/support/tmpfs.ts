import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A small file system for one directory, to be filled up: in memory, mounted by the test. */

const BYTES = 48 * 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 0x5a);

/** Why no file system can be mounted here; null where one can. */
export const cannotMount: string | null = whyNot();

export class Tmpfs {
  readonly #directory: string;
  readonly #filler: string;

  /** `directory`, with what is in it, moves to a file system of its own. It must not be open. */
  static async under(directory: string): Promise<Tmpfs> {
    const aside = `${directory}.aside`;
    await rename(directory, aside);
    await mkdir(directory);
    mount(directory);
    await cp(aside, directory, { recursive: true });
    await rm(aside, { recursive: true });
    return new Tmpfs(directory);
  }

  private constructor(directory: string) {
    this.#directory = directory;
    this.#filler = join(directory, "filler");
  }

  /** To the last byte: what the load frees meanwhile is taken as well, the next time. */
  fill(): void {
    for (let bytes = CHUNK.byteLength; bytes > 0; ) {
      try {
        appendFileSync(this.#filler, CHUNK.subarray(0, bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        bytes = Math.floor(bytes / 2);
      }
    }
  }

  free(): void {
    // Truncated first: its space is free at once, even while a descriptor is open.
    writeFileSync(this.#filler, "");
    rmSync(this.#filler);
  }

  /** The directory moves back to its old file system. It must not be open. */
  async remove(): Promise<void> {
    const aside = `${this.#directory}.aside`;
    await cp(this.#directory, aside, { recursive: true });
    execFileSync("umount", [this.#directory]);
    await rm(this.#directory, { recursive: true });
    await rename(aside, this.#directory);
  }
}

function mount(directory: string): void {
  const size = `size=${BYTES}`;
  execFileSync("mount", ["-t", "tmpfs", "-o", size, "rockspool-test", directory], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function whyNot(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "not run: only root on Linux can mount a tmpfs";
  const directory = mkdtempSync(join(tmpdir(), "rockspool-test-"));
  try {
    mount(directory);
    execFileSync("umount", [directory]);
    return null;
  } catch (error) {
    return `not run: no tmpfs can be mounted here: ${(error as Error).message.replace(/\s+/g, " ")}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

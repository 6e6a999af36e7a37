import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A disk of its own for one directory, that can be frozen: a file with ext4 in it, mounted by the test. */

const BYTES = 64 * 1024 * 1024;

/**
 * Freezes, prints "frozen", and thaws when its input ends, so also when the test dies: writers to a frozen disk hang.
 */
const HOLD = `trap "" INT TERM HUP; fsfreeze -f "$1" && echo frozen && { read -r _; fsfreeze -u "$1"; }`;

/** Why no file system can be mounted and frozen here; null where one can. */
export const cannotFreeze: string | null = whyNot();

export class LoopDisk {
  readonly #directory: string;

  /**
   * `directory`, with what is in it, moves to a disk of its own until the test is over. It must not be open now or
   * then.
   */
  static async under(directory: string): Promise<LoopDisk> {
    const aside = `${directory}.aside`;
    const image = `${directory}.image`;
    await rename(directory, aside);
    await mkdir(directory);
    mount(image, directory);
    onTestFinished(() => void run("umount", directory));
    await cp(aside, directory, { recursive: true });
    await rm(aside, { recursive: true });
    return new LoopDisk(directory);
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Resolves when nothing more is written, with what thaws it. It is thawed at the test's end in any case, before all
   * older hooks.
   */
  async freeze(): Promise<() => Promise<void>> {
    const holder = spawn("sh", ["-c", HOLD, "sh", this.#directory], { stdio: ["pipe", "pipe", "pipe"] });
    let stderr = "";
    holder.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    holder.stdin.on("error", () => {});
    const ended = new Promise<number | null>((resolve, reject) => {
      holder.on("error", reject);
      holder.on("close", resolve);
    });
    ended.catch(() => {});
    const thaw = async (): Promise<void> => {
      holder.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`fsfreeze ended with ${code}: ${stderr}`);
    };
    onTestFinished(thaw);
    const frozen = new Promise<boolean>((resolve) => holder.stdout.once("data", () => resolve(true)));
    if (!(await Promise.race([frozen, ended.then(() => false)]))) throw new Error(`no freeze: ${stderr}`);
    return thaw;
  }
}

function mount(image: string, directory: string): void {
  run("truncate", "-s", String(BYTES), image);
  run("mkfs.ext4", "-q", "-F", image);
  run("mount", "-o", "loop", image, directory);
  rmSync(join(directory, "lost+found"), { recursive: true });
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"] });
}

function whyNot(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "not run: only root on Linux can mount a disk";
  const directory = mkdtempSync(join(tmpdir(), "rockspool-test-"));
  const point = join(directory, "point");
  try {
    run("mkdir", point);
    mount(join(directory, "image"), point);
    try {
      run("fsfreeze", "-f", point);
      run("fsfreeze", "-u", point);
    } finally {
      run("umount", point);
    }
    return null;
  } catch (error) {
    return `not run: no disk can be mounted and frozen here: ${(error as Error).message.replace(/\s+/g, " ")}`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

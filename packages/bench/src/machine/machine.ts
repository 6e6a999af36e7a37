import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";
import { resolve } from "node:path";

/** The machine that results were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Of the directory that was measured in. */
  readonly fileSystem: string;
  /** The load average of the minute before the start. */
  readonly loadBefore: number;
}

/** File systems without a disk. */
const IN_MEMORY = new Set(["tmpfs", "ramfs"]);

export function describeMachine(directory: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    fileSystem: fileSystemOf(directory, mounts()),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** True if a sync reaches no disk: then results of synced stores mean nothing. */
export function isInMemory({ fileSystem }: Machine): boolean {
  return IN_MEMORY.has(fileSystem);
}

/** The type of the file system of `directory`. `mounted`: the contents of /proc/mounts. */
export function fileSystemOf(directory: string, mounted: string): string {
  const path = resolve(directory);
  let longest = "";
  let found = "unknown";
  for (const line of mounted.split("\n")) {
    const [, point, kind] = line.split(" ");
    if (point === undefined || kind === undefined) continue;
    const within = path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
    if (within && point.length >= longest.length) {
      longest = point;
      found = kind;
    }
  }
  return found;
}

function mounts(): string {
  try {
    return readFileSync("/proc/mounts", "utf8");
  } catch {
    return "";
  }
}

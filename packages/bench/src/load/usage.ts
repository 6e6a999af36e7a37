import { readFileSync } from "node:fs";

const US_PER_SECOND = 1e6;

/** CPU seconds that this process has used in all its threads, in user and kernel mode. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / US_PER_SECOND;
}

/** Bytes that this process has handed to the kernel for a disk, whole pages; null where there is no /proc. */
export function bytesWritten(): number | null {
  let text: string;
  try {
    text = readFileSync("/proc/self/io", "utf8");
  } catch {
    return null;
  }
  const found = /^write_bytes: (\d+)$/m.exec(text);
  return found === null ? null : Number(found[1]);
}

/** The largest resident set that the process has had, in bytes. */
export function peakRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

import { readFileSync } from "node:fs";

const US_PER_SECOND = 1e6;

/** CPU seconds of all threads of this process, in user and kernel mode. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / US_PER_SECOND;
}

/** Bytes that this process has written to block devices, in whole pages; null without /proc. */
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

/** The largest resident set of this process so far, in bytes. */
export function peakRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Numbers as text for people. JSON output has plain numbers. */

const KIB = 1024;
const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= KIB && unit < BYTE_UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  const decimals = unit === 0 || Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1;
  return `${value.toFixed(decimals)} ${BYTE_UNITS[unit]}`;
}

/** About three digits, in ms or a longer unit. */
export function formatMs(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 100) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return formatSeconds(ms / 1000);
}

const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;
const SECONDS_PER_DAY = 86_400;

export function formatSeconds(seconds: number): string {
  if (seconds < SECONDS_PER_MINUTE) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < SECONDS_PER_HOUR) {
    return `${Math.floor(seconds / SECONDS_PER_MINUTE)} min ${Math.floor(seconds % SECONDS_PER_MINUTE)} s`;
  }
  if (seconds < SECONDS_PER_DAY) {
    const minutes = Math.floor((seconds % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE);
    return `${Math.floor(seconds / SECONDS_PER_HOUR)} h ${minutes} min`;
  }
  const hours = Math.floor((seconds % SECONDS_PER_DAY) / SECONDS_PER_HOUR);
  return `${Math.floor(seconds / SECONDS_PER_DAY)} d ${hours} h`;
}

export function formatPercent(part: number, whole: number): string {
  return whole === 0 ? "0.0 %" : `${((100 * part) / whole).toFixed(1)} %`;
}

/** `1 message`, `2 messages`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

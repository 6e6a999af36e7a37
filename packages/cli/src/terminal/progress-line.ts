import { formatBytes, formatCount, formatSeconds } from "./format.ts";

export interface ProgressOptions {
  /** What is being done. */
  readonly title: string;
  /** Null where it is not known, as with a pipe: the line then has no bar. */
  readonly total: number | null;
  readonly unit: "bytes" | "messages" | "runs";
}

const BAR_CHARS = 28;

/** One line: a bar, how much is done, the rate, the time left, and the title. */
export function progressLine({ title, total, unit }: ProgressOptions, done: number, seconds: number): string {
  const show = unit === "bytes" ? formatBytes : formatCount;
  const perSecond = seconds > 0 ? done / seconds : 0;
  const parts: string[] = [];
  if (total === null) parts.push(show(done));
  else parts.push(...barOf(total === 0 ? 1 : Math.min(1, done / total)), `${show(done)} of ${show(total)}`);
  // A run takes seconds: a rate of them says nothing.
  if (unit !== "runs") parts.push(`${show(perSecond)}/s`);
  if (total !== null && perSecond > 0 && done < total) parts.push(`${formatSeconds((total - done) / perSecond)} left`);
  parts.push(title);
  return parts.join("  ").trimEnd();
}

function barOf(part: number): [bar: string, percent: string] {
  const filled = Math.round(part * BAR_CHARS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CHARS - filled);
  return [bar, `${String(Math.floor(part * 100)).padStart(3)} %`];
}

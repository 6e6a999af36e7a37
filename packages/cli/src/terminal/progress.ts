import { type Options, type Params, SingleBar } from "cli-progress";
import { formatBytes, formatCount, formatSeconds } from "./format.ts";
import type { Reporter } from "./reporter.ts";

export interface ProgressOptions {
  /** One word or two: what is being done. */
  readonly title: string;
  /** Null where nobody knows, as with a pipe: then there is a count and a rate, no bar. */
  readonly total: number | null;
  readonly unit: "bytes" | "messages";
}

export interface Progress {
  add(amount: number): void;
  stop(): void;
}

export const NO_PROGRESS: Progress = { add: () => {}, stop: () => {} };

const BAR_CHARS = 28;
const TITLE_CHARS = 15;
const FRAMES_PER_SECOND = 8;
const CLEAR_LINE = "\r\x1b[K";

/** Where no terminal shows a bar, a line says this often how far it is. */
const LINE_EVERY_MS = 10_000;

/** A line now and then, for a log. The first one comes only when it has taken that long. */
export function progressLines(reporter: Reporter, options: ProgressOptions, now = () => performance.now()): Progress {
  const started = now();
  let last = started;
  let value = 0;
  return {
    add: (amount) => {
      value += amount;
      if (now() - last < LINE_EVERY_MS) return;
      last = now();
      reporter.note(progressLine(options, value, (last - started) / 1000));
    },
    stop: () => {},
  };
}

/** A bar on a terminal's stderr, with the rate and the time left. Whoever has no terminal gets lines instead. */
export function startProgress(
  stream: NodeJS.WriteStream,
  reporter: Reporter,
  { title, total, unit }: ProgressOptions,
): Progress {
  const started = performance.now();
  const bar = new SingleBar({
    stream,
    fps: FRAMES_PER_SECOND,
    hideCursor: true,
    // The command listens for signals itself, and shows what it did.
    gracefulExit: false,
    format: (_options: Options, { value }: Params) =>
      progressLine({ title, total, unit }, value, (performance.now() - started) / 1000),
  });
  bar.start(total ?? 0, 0);
  reporter.clearBar = () => stream.write(CLEAR_LINE);
  return {
    add: (amount) => bar.increment(amount),
    stop: () => {
      reporter.clearBar = () => {};
      bar.stop();
    },
  };
}

/** What the bar says, as one line. Pure, so that it can be tested without a terminal. */
export function progressLine({ title, total, unit }: ProgressOptions, value: number, seconds: number): string {
  const show = unit === "bytes" ? formatBytes : formatCount;
  const perSecond = seconds > 0 ? value / seconds : 0;
  const head = title.padEnd(TITLE_CHARS);
  const rate = `${show(perSecond)}/s`;
  if (total === null) return `${head} ${show(value)}  ${rate}`;
  const share = total === 0 ? 1 : Math.min(1, value / total);
  const filled = Math.round(share * BAR_CHARS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CHARS - filled);
  const left = perSecond > 0 && value < total ? `  ${formatSeconds((total - value) / perSecond)} left` : "";
  return `${head} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${show(value)} of ${show(total)}  ${rate}${left}`;
}

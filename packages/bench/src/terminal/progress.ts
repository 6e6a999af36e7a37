import { type Options, type Params, SingleBar } from "cli-progress";

/** How far a benchmark is. */
export interface Progress {
  /** `done` runs of all are; `doing` is what goes on now. */
  step(done: number, doing: string): void;
  /** A line that stays. */
  say(line: string): void;
  stop(): void;
}

const BAR_CHARS = 28;
/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;
const MS_PER_SECOND = 1000;
const SECONDS_PER_MINUTE = 60;
/** Without a terminal a line says this often how far it is. */
const LINE_EVERY_MS = 10_000;
const CLEAR_LINE = "\r\x1b[K";

/** A bar on a terminal; lines now and then for whoever has none. */
export function startProgress(stream: NodeJS.WriteStream, total: number): Progress {
  return stream.isTTY ? bar(stream, total) : lines((line) => stream.write(`${line}\n`), total);
}

function bar(stream: NodeJS.WriteStream, total: number): Progress {
  const started = performance.now();
  let doing = "";
  const single = new SingleBar({
    stream,
    hideCursor: true,
    // The benchmark listens for signals itself: it has processes to end and a directory to remove.
    gracefulExit: false,
    format: (_options: Options, { value }: Params) =>
      progressLine(value, total, (performance.now() - started) / MS_PER_SECOND, doing).slice(
        0,
        (stream.columns || USUAL_COLUMNS) - 1,
      ),
  });
  single.start(total, 0);
  return {
    step: (done, what) => {
      doing = what;
      single.update(done);
    },
    say: (line) => stream.write(`${CLEAR_LINE}${line}\n`),
    stop: () => single.stop(),
  };
}

/** The same as lines. Exported for its test. */
export function lines(write: (line: string) => void, total: number, now = () => performance.now()): Progress {
  const started = now();
  let last = Number.NEGATIVE_INFINITY;
  return {
    step: (done, doing) => {
      if (done < total && now() - last < LINE_EVERY_MS) return;
      last = now();
      write(progressLine(done, total, (last - started) / MS_PER_SECOND, doing));
    },
    say: write,
    stop: () => {},
  };
}

/** One line: a bar, how much of how much, the time that is left, and what goes on. */
export function progressLine(done: number, total: number, seconds: number, doing: string): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * BAR_CHARS);
  const shown = "█".repeat(filled) + "░".repeat(BAR_CHARS - filled);
  const left = done > 0 && done < total ? `  ${duration((seconds / done) * (total - done))} left` : "";
  return `${shown} ${done} of ${total}${left}  ${doing}`.trimEnd();
}

function duration(seconds: number): string {
  if (seconds < SECONDS_PER_MINUTE) return `${Math.ceil(seconds)} s`;
  return `${Math.floor(seconds / SECONDS_PER_MINUTE)} min ${Math.round(seconds % SECONDS_PER_MINUTE)} s`;
}

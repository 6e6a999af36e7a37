import type { OutputStream } from "../host-process.ts";
import { type ProgressOptions, progressLine } from "./progress-line.ts";

/** Shows how much of some work is done. */
export interface Progress {
  readonly add: (amount: number) => void;
  /** How much is done in all, and what is done next. */
  set(done: number, title: string): void;
  /** Writes a line that stays on the screen. */
  say(line: string): void;
  stop(): void;
}

const CLEAR_LINE = "\r\x1b[K";
const DRAW_EVERY_MS = 125;
/** For a terminal that does not report its width. */
const DEFAULT_COLUMNS = 80;

/** A bar on the last line of a terminal, redrawn eight times a second. */
export class ProgressBar implements Progress {
  readonly #stream: OutputStream;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #options: ProgressOptions;
  #done = 0;
  #stopped = false;

  constructor(stream: OutputStream, options: ProgressOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#timer = setInterval(() => this.#draw(), DRAW_EVERY_MS);
    this.#draw();
  }

  readonly add = (amount: number): void => {
    this.#done += amount;
  };

  set(done: number, title: string): void {
    this.#done = done;
    this.#options = { ...this.#options, title };
  }

  say(line: string): void {
    if (!this.#stopped) this.#stream.write(CLEAR_LINE);
    this.#stream.write(`${line}\n`);
    if (!this.#stopped) this.#draw();
  }

  /** Draws the bar for the last time and leaves it on the screen. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#draw();
    this.#stream.write("\n");
  }

  #draw(): void {
    const line = progressLine(this.#options, this.#done, (performance.now() - this.#startedMs) / 1000);
    // A longer line would wrap, and only its last row would be cleared.
    const columns = this.#stream.columns || DEFAULT_COLUMNS;
    this.#stream.write(`${CLEAR_LINE}${line.slice(0, columns - 1)}`);
  }
}

const LINE_EVERY_MS = 10_000;

export interface LineOptions extends ProgressOptions {
  /** Also write a line at the start and at the end. Default: work that ends within `LINE_EVERY_MS` writes nothing. */
  readonly announce?: boolean;
}

/** A line every ten seconds, for a log. */
export class ProgressLines implements Progress {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #startedMs: number;
  #options: LineOptions;
  #done = 0;
  #writtenMs: number;

  constructor(write: (line: string) => void, options: LineOptions, now = () => performance.now()) {
    this.#write = write;
    this.#options = options;
    this.#now = now;
    this.#startedMs = now();
    this.#writtenMs = options.announce ? Number.NEGATIVE_INFINITY : this.#startedMs;
  }

  readonly add = (amount: number): void => {
    this.#done += amount;
    this.#writeIfDue();
  };

  set(done: number, title: string): void {
    this.#done = done;
    this.#options = { ...this.#options, title };
    this.#writeIfDue();
  }

  say(line: string): void {
    this.#write(line);
  }

  stop(): void {}

  #writeIfDue(): void {
    const { announce, total } = this.#options;
    const nowMs = this.#now();
    const isEnd = announce && total !== null && this.#done >= total;
    if (!isEnd && nowMs - this.#writtenMs < LINE_EVERY_MS) return;
    this.#writtenMs = nowMs;
    this.#write(progressLine(this.#options, this.#done, (nowMs - this.#startedMs) / 1000));
  }
}

/** A bar on a terminal, else lines. */
export function startProgress(stream: OutputStream, options: LineOptions): Progress {
  if (stream.isTTY === true) return new ProgressBar(stream, options);
  return new ProgressLines((line) => stream.write(`${line}\n`), options);
}

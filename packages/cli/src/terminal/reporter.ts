import type { Logger } from "rockspool";
import { errorJson, messageOf } from "../errors.ts";
import type { OutputStream } from "../host-process.ts";
import { type Progress, ProgressBar, ProgressLines } from "./progress.ts";
import type { ProgressOptions } from "./progress-line.ts";

export interface ReporterOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** Writes to stderr: one line for each error, note or log entry, as text or as JSON, and the progress. */
export class Reporter {
  readonly #stream: OutputStream;
  readonly #options: ReporterOptions;
  /** The last bar that was started: lines are written above it while it is on the screen. */
  #bar: ProgressBar | null = null;

  constructor(stream: OutputStream, options: ReporterOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** `subject`: the file or the id that the error is about. */
  error(error: unknown, subject?: string): void {
    if (this.#options.json) {
      this.#line(
        JSON.stringify({ error: subject === undefined ? errorJson(error) : { ...errorJson(error), subject } }),
      );
    } else {
      this.#line(`rockspool: ${subject === undefined ? "" : `${subject}: `}${messageOf(error)}`);
    }
    if (this.#options.debug && error instanceof Error) this.#line(stackOf(error));
  }

  /** A line for people: left out with --json and --quiet. */
  note(text: string): void {
    if (!this.#options.json && !this.#options.quiet) this.#line(text);
  }

  get showsBar(): boolean {
    return this.#stream.isTTY === true && !this.#options.json && !this.#options.quiet;
  }

  /** A bar on a terminal, else a `note` every ten seconds. */
  progress(options: ProgressOptions): Progress {
    if (!this.showsBar) return new ProgressLines((line) => this.note(line), options);
    this.#bar = new ProgressBar(this.#stream, options);
    return this.#bar;
  }

  /** The spool's own log: warnings and errors, and with `--debug` the rest. */
  get logger(): Logger {
    const { json, debug } = this.#options;
    const log = (level: string) => (fields: object, message: string) => {
      this.#line(
        json ? JSON.stringify({ log: { level, message, ...plain(fields) } }) : `rockspool: ${level}: ${message}`,
      );
    };
    const nothing = () => {};
    return {
      debug: debug ? log("debug") : nothing,
      info: debug ? log("info") : nothing,
      warn: log("warning"),
      error: log("error"),
    };
  }

  #line(text: string): void {
    if (this.#bar === null) this.#stream.write(`${text}\n`);
    else this.#bar.say(text);
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}

/** JSON.stringify throws for a bigint and prints an error as `{}`. */
function plain(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === "bigint" ? String(value) : value instanceof Error ? errorJson(value) : value,
    ]),
  );
}

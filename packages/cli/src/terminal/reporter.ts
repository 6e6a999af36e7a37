import type { Writable } from "node:stream";
import type { Logger } from "rockspool";
import { errorJson, messageOf } from "../errors.ts";

export interface ReporterOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** stderr: one line a thing, as text or as JSON. A progress bar that is being shown makes room for it. */
export class Reporter {
  readonly #stream: Writable;
  readonly #options: ReporterOptions;
  /** Set by the progress bar while it is on the screen: clears its line, so that ours does not run into it. */
  clearBar: () => void = () => {};

  constructor(stream: Writable, options: ReporterOptions) {
    this.#stream = stream;
    this.#options = options;
  }

  /** `subject` is the file, or the id, that the error is about. */
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

  /** What was done, for people: where stdout carries data or nobody asked for JSON. */
  note(text: string): void {
    if (!this.#options.json && !this.#options.quiet) this.#line(text);
  }

  /** The spool's own log: what it warns of is shown, the rest with `--debug`. */
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
    this.clearBar();
    this.#stream.write(`${text}\n`);
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}

/** JSON knows no bigint and shows nothing of an error. */
function plain(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === "bigint" ? String(value) : value instanceof Error ? errorJson(value) : value,
    ]),
  );
}

import type { Readable } from "node:stream";
import type { InterruptedError } from "./errors.ts";
import type { Output } from "./terminal/output.ts";
import type { Progress } from "./terminal/progress.ts";
import type { ProgressOptions } from "./terminal/progress-line.ts";
import type { Reporter } from "./terminal/reporter.ts";

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** What a command gets besides its arguments. */
export interface Context {
  readonly json: boolean;
  /** Read only where an argument is `-`: reading the property opens the process's stdin. */
  readonly stdin: Readable;
  /** stdout: results. */
  readonly out: Output;
  /** stderr: errors, warnings, progress, and the summary where stdout carries the data itself. */
  readonly reporter: Reporter;
  /** Aborts at SIGINT or SIGTERM; its reason is an `InterruptedError`. */
  readonly signal: AbortSignal;
  /** Whether `progress` shows a bar, which needs a total. */
  readonly showsBar: boolean;
  progress(options: ProgressOptions): Progress;
}

export function interruption(signal: AbortSignal): InterruptedError | null {
  return signal.aborted ? (signal.reason as InterruptedError) : null;
}

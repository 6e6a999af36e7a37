import type { InterruptedError } from "./errors.ts";
import type { Output } from "./terminal/output.ts";
import type { Progress, ProgressOptions } from "./terminal/progress.ts";
import type { Reporter } from "./terminal/reporter.ts";

/** The options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** What a command is given besides its arguments. */
export interface Context {
  readonly json: boolean;
  /** stdout: results. */
  readonly out: Output;
  /** stderr: errors, warnings, and the summary of what was done where stdout carries the data itself. */
  readonly reporter: Reporter;
  /** Aborts when the user wants the command to stop; its reason is an `InterruptedError`. */
  readonly signal: AbortSignal;
  /** Whether `progress` shows anything: what only a bar needs to know is not worth finding out otherwise. */
  readonly showsProgress: boolean;
  progress(options: ProgressOptions): Progress;
}

export function interruption(signal: AbortSignal): InterruptedError | null {
  return signal.aborted ? (signal.reason as InterruptedError) : null;
}

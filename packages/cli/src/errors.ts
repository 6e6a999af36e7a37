import { SpoolConfigError, SpoolError, SpoolNotFoundError } from "rockspool";
import { ExitCode } from "./exit-code.ts";

/** Wrong arguments that commander cannot detect. */
export class UsageError extends Error {
  readonly code = "USAGE";
}

/** There is no spool, and the command must not create one. */
export class NoSpoolError extends Error {
  readonly code = "NO_SPOOL";
  constructor(path: string) {
    super(`no spool in ${path}: it holds no rockspool.json`);
  }
}

/** A signal asked the command to stop. */
export class InterruptedError extends Error {
  readonly code = "INTERRUPTED";
  readonly exitCode: ExitCode;
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = signal === "SIGTERM" ? ExitCode.Terminated : ExitCode.Interrupted;
  }
}

/** The reader of stdout closed it (`| head`). The command ends, with exit code 0. */
export class OutputClosedError extends Error {
  readonly code = "EPIPE";
}

/** A file holds no message, or one that is too large for a spool. */
export class MailError extends Error {
  readonly code = "MAIL";
}

/** A stream is truncated, damaged, or of an unknown version. */
export class StreamError extends Error {
  readonly code = "STREAM";
}

/** The demo found that a promise of the spool does not hold. */
export class MismatchError extends Error {
  readonly code = "MISMATCH";
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof OutputClosedError) return ExitCode.Ok;
  if (error instanceof InterruptedError) return error.exitCode;
  if (error instanceof UsageError || error instanceof SpoolConfigError) return ExitCode.Usage;
  if (error instanceof NoSpoolError || error instanceof SpoolNotFoundError) return ExitCode.NotFound;
  return ExitCode.Failed;
}

/**
 * The error of the work, where closing the spool failed after it: `await using` then throws a SuppressedError of both.
 * Recognised by its name, because Node 20 has no such class.
 */
export function firstError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "SuppressedError") return error;
  return firstError((error as { suppressed?: unknown }).suppressed);
}

export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** An error as `--json` prints it. `outcome` tells whether a failed write may still take effect. */
export interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly outcome?: string;
}

export function errorJson(error: unknown): ErrorJson {
  const code = (error as { code?: unknown } | null)?.code;
  const json = { code: typeof code === "string" ? code : "FAILED", message: messageOf(error) };
  return error instanceof SpoolError && error.outcome !== undefined ? { ...json, outcome: error.outcome } : json;
}

/** The error's message on one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replace(/\s*\n\s*/g, " ");
}

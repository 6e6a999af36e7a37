import { SpoolConfigError, SpoolError, SpoolNotFoundError } from "rockspool";
import { ExitCode } from "./exit-code.ts";

/** Arguments that are wrong in a way that only the command itself can see. */
export class UsageError extends Error {
  readonly code = "USAGE";
}

/** The command only looks at a spool, and there is none: it must not make one. */
export class NoSpoolError extends Error {
  readonly code = "NO_SPOOL";
  constructor(path: string) {
    super(`no spool in ${path}: it holds no rockspool.json`);
  }
}

/** The user (or the system) asked the command to stop. */
export class InterruptedError extends Error {
  readonly code = "INTERRUPTED";
  readonly exitCode: ExitCode;
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = signal === "SIGTERM" ? ExitCode.Terminated : ExitCode.Interrupted;
  }
}

/** Whoever read stdout went away (`| head`). No failure: there is nobody left to write for. */
export class OutputClosedError extends Error {
  readonly code = "EPIPE";
}

/** A file holds no message, or one larger than any spool takes. */
export class MailError extends Error {
  readonly code = "MAIL";
}

/** A stream is cut, damaged, or of a version that is not known here. */
export class StreamError extends Error {
  readonly code = "STREAM";
}

/** A demo's or an export's promise did not hold. */
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
 * Where the work failed and closing the spool failed after it, `await using` throws a SuppressedError of both. The first is
 * what the user needs to know. Known by its name: this Node may have no such class.
 */
export function firstError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "SuppressedError") return error;
  return firstError((error as { suppressed?: unknown }).suppressed);
}

export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** What `--json` prints of an error. `outcome` is there where a write may, or may not, have happened. */
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

/** One line, whatever the error's text was. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replace(/\s*\n\s*/g, " ");
}

import { type EngineErrorKind, SpoolEngineError, SpoolLockedError } from "@rockspool/core";

/** Node's error codes of a failed disk or file system. rocksdb-native also uses `EIO` for corruption. */
const IO_CODES = new Set([
  "EIO",
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EACCES",
  "EPERM",
  "EMFILE",
  "ENFILE",
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "EBADF",
]);

/** Matched in RocksDB's text: rocksdb-native passes on the text of a status, not its class. */
const CORRUPTION =
  /corrupt|checksum mismatch|truncated|bad (block|magic|table|entry)|not an sstable|file is too short/i;
const LOCKED = /lock hold by current process|while lock file/i;

/** RocksDB reports a missing file as corruption (`Corruption: IO error: No such file…`). */
const MISSING_FILE = /no such file or directory/i;

/** Converts any error of RocksDB or of a file system call. */
export function toEngineError(error: unknown, path: string): SpoolEngineError | SpoolLockedError {
  if (error instanceof SpoolEngineError || error instanceof SpoolLockedError) return error;
  const reason = underlying(error);
  if (LOCKED.test(reason.message)) return new SpoolLockedError(path, reason);
  return new SpoolEngineError(reason.message, { kind: kindOf(reason), path, cause: reason });
}

/** As `is_definitively_bad` in rocks.rs: the error has no harmless cause, so the gate latches at the first one. */
export function isDefinitivelyBad(error: Error): boolean {
  return error instanceof SpoolEngineError && (error.kind === "corruption" || error.kind === "io");
}

/**
 * A rejected batch is reported as `Batch was not applied`. RocksDB's own error is its `cause` or one of its `errors`.
 */
function underlying(error: unknown): Error & { code?: unknown } {
  if (error instanceof AggregateError) {
    const first = error.errors.find((inner) => inner instanceof Error);
    if (first !== undefined) return underlying(first);
  }
  if (error instanceof Error && error.cause instanceof Error) return underlying(error.cause);
  return error instanceof Error ? error : new Error(String(error));
}

function kindOf(error: Error & { code?: unknown }): EngineErrorKind {
  if (MISSING_FILE.test(error.message)) return "io";
  if (CORRUPTION.test(error.message)) return "corruption";
  if (typeof error.code === "string" && IO_CODES.has(error.code)) return "io";
  return error.code === "EBUSY" || error.code === "EAGAIN" ? "busy" : "other";
}

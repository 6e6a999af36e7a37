import { type EngineErrorKind, SpoolEngineError, SpoolLockedError } from "@rockspool/core";

/** Node's codes that say the disk failed; `EIO` is also what rocksdb-native gives for corruption. */
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

/** RocksDB's own words: rocksdb-native passes on the text of a status, not its class. */
const CORRUPTION =
  /corrupt|checksum mismatch|truncated|bad (block|magic|table|entry)|not an sstable|file is too short/i;
const LOCKED = /lock hold by current process|while lock file/i;

/** RocksDB's text of a missing file that it reports as corruption (`Corruption: IO error: No such file…`). */
const MISSING_FILE = /no such file or directory/i;

/** Every error from the engine, or from a file call on its behalf, as one of ours. */
export function toEngineError(error: unknown, path: string): SpoolEngineError | SpoolLockedError {
  if (error instanceof SpoolEngineError || error instanceof SpoolLockedError) return error;
  const reason = underlying(error);
  if (LOCKED.test(reason.message)) return new SpoolLockedError(path, reason);
  return new SpoolEngineError(reason.message, { kind: kindOf(reason), path, cause: reason });
}

/** `is_definitively_bad` in rocks.rs: no harmless reading, so the gate latches at the first one. */
export function isDefinitivelyBad(error: Error): boolean {
  return error instanceof SpoolEngineError && (error.kind === "corruption" || error.kind === "io");
}

/** A rejected batch says `Batch was not applied`; what RocksDB said is behind it, as `cause` or as one of `errors`. */
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

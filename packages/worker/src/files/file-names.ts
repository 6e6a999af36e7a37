import { parse } from "node:path";

/**
 * The names of RocksDB's files and what they hold. One counter numbers the files of all kinds; a number has at least
 * six digits.
 *
 *     000012.log        a log
 *     000012.sst        a table
 *     MANIFEST-000012   the list of live tables and logs
 *     CURRENT           the name of the MANIFEST in use, and a newline
 *     000012.dbtmp      a file that is still being written
 *     LOG, LOG.old.…    the info log, in text: the current one and earlier ones
 */

export const LOG_EXTENSION = ".log";
export const TABLE_EXTENSION = ".sst";
export const CURRENT = "CURRENT";
export const OLD_INFO_LOG_PREFIX = "LOG.old.";

const MANIFEST_PREFIX = "MANIFEST-";
const TEMPORARY_EXTENSION = ".dbtmp";
const MIN_DIGITS = 6;

const LOG_NAME = /^(\d+)\.log$/;
const MANIFEST_NAME = /^MANIFEST-(\d+)$/;
/** RocksDB refuses a CURRENT whose last byte is not a newline. */
const CURRENT_CONTENT = /^(MANIFEST-\d+)\n$/;

export function logName(number: number): string {
  return padded(number) + LOG_EXTENSION;
}

export function tableName(number: number): string {
  return padded(number) + TABLE_EXTENSION;
}

/** Null if the name is not a log's. */
export function logNumber(name: string): number | null {
  return numberIn(LOG_NAME, name);
}

/** Null if the name is not a MANIFEST's. */
export function manifestNumber(name: string): number | null {
  return numberIn(MANIFEST_NAME, name);
}

/** A later MANIFEST has a higher number. False if one of the names is not a MANIFEST's. */
export function isNewerManifest(name: string, other: string): boolean {
  const [number, otherNumber] = [manifestNumber(name), manifestNumber(other)];
  return number !== null && otherNumber !== null && number > otherNumber;
}

/** The name of the MANIFEST in use. Null if `content` is not what RocksDB accepts as a CURRENT. */
export function manifestNamedBy(content: string): string | null {
  return CURRENT_CONTENT.exec(content)?.[1] ?? null;
}

/** The name to write `name` under until it is complete. RocksDB deletes leftovers of that name when it opens. */
export function temporaryName(name: string): string {
  return parse(name).name.replace(MANIFEST_PREFIX, "") + TEMPORARY_EXTENSION;
}

function padded(number: number): string {
  return String(number).padStart(MIN_DIGITS, "0");
}

function numberIn(pattern: RegExp, name: string): number | null {
  const digits = pattern.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

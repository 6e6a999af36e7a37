import type { SpoolId } from "rockspool";
import type { FileEncoding } from "../file-target.ts";
import { CRLF, FROM, GREATER, LF } from "./mbox-format.ts";

const NEW_LINE = CRLF.subarray(1);
const QUOTE = Uint8Array.of(GREATER);

/**
 * One message of an mbox file, in pieces that are written one after another: a From_ line, the message with a `>`
 * before each line that a reader could take for a From_ line or a quoted one, and an empty line. A last line without a
 * line feed gets one: the format cannot express its absence.
 */
export function mboxEntry(id: SpoolId, data: Uint8Array): Uint8Array[] {
  const pieces = [Buffer.from(`From ${id}@rockspool ${asctime(id.created)}\n`, "latin1"), ...quoted(data)];
  if (data.length > 0 && data[data.length - 1] !== LF) pieces.push(NEW_LINE);
  pieces.push(NEW_LINE);
  return pieces;
}

export const mboxEncoding: FileEncoding = { head: () => [], entry: mboxEntry, tail: () => [] };

/** The message, with a `>` before each line that starts with `From ` or with one or more `>` and then `From `. */
function* quoted(data: Uint8Array): Generator<Uint8Array> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let written = 0;
  for (let at = bytes.indexOf(FROM); at !== -1; at = bytes.indexOf(FROM, at + FROM.length)) {
    let lineStart = at;
    while (lineStart > written && bytes[lineStart - 1] === GREATER) lineStart--;
    if (lineStart !== 0 && bytes[lineStart - 1] !== LF) continue;
    yield bytes.subarray(written, lineStart);
    yield QUOTE;
    written = lineStart;
  }
  yield bytes.subarray(written);
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Mon Jan  6 08:00:00 2025`, in UTC: the date of a From_ line. */
export function asctime(date: Date): string {
  const time = date.toISOString().slice(11, 19);
  const day = String(date.getUTCDate()).padStart(2);
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()}`;
}

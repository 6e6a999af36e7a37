import { SPOOL_ID_BYTES } from "./id-layout.ts";

const HEX_DIGITS = "0123456789abcdef";
const CODE_OF_DIGIT = Uint8Array.from(HEX_DIGITS, (digit) => digit.charCodeAt(0));

const NOT_HEX = 255;

/** The value of each hex digit by its character code, `NOT_HEX` for all other codes. */
const DIGIT_OF_CODE = new Uint8Array(128).fill(NOT_HEX);
for (const digits of [HEX_DIGITS, HEX_DIGITS.toUpperCase()]) {
  for (let value = 0; value < 16; value++) DIGIT_OF_CODE[digits.charCodeAt(value)] = value;
}

const DASHES_AT: readonly number[] = [8, 13, 18, 23];

/** Digits of each part of a path: a1/a2/a3/a4/rest. */
const PATH_PART_DIGITS: readonly number[] = [2, 2, 2, 2, 24];

/** Reused by each call of `hexOf`. */
const codes: number[] = new Array(2 * SPOOL_ID_BYTES).fill(0);

/**
 * 32 lower-case hex digits. Made from all characters at once: a string that is appended to is a tree, which costs twice
 * as much by the time it is first used as a key.
 */
export function hexOf(bytes: Uint8Array): string {
  for (let at = 0; at < SPOOL_ID_BYTES; at++) {
    const byte = bytes[at]!;
    codes[2 * at] = CODE_OF_DIGIT[byte >>> 4]!;
    codes[2 * at + 1] = CODE_OF_DIGIT[byte & 0x0f]!;
  }
  return String.fromCharCode(...codes);
}

/** The bytes of 32 hex digits or of a dashed UUID (8-4-4-4-12), in upper or lower case; null for any other text. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length === 36) {
    for (const at of DASHES_AT) if (text[at] !== "-") return null;
    text = text.slice(0, 8) + text.slice(9, 13) + text.slice(14, 18) + text.slice(19, 23) + text.slice(24);
  }
  if (text.length !== 32) return null;
  const bytes = new Uint8Array(SPOOL_ID_BYTES);
  for (let at = 0; at < SPOOL_ID_BYTES; at++) {
    const high = DIGIT_OF_CODE[text.charCodeAt(2 * at)] ?? NOT_HEX;
    const low = DIGIT_OF_CODE[text.charCodeAt(2 * at + 1)] ?? NOT_HEX;
    if (high === NOT_HEX || low === NOT_HEX) return null;
    bytes[at] = (high << 4) | low;
  }
  return bytes;
}

/**
 * The bytes of the last five parts of a path; null unless they are a1/a2/a3/a4/rest. Splits at either kind of slash.
 */
export function bytesOfPath(path: string): Uint8Array<ArrayBuffer> | null {
  const parts = path.split(/[/\\]+/).slice(-PATH_PART_DIGITS.length);
  return PATH_PART_DIGITS.every((digits, at) => parts[at]?.length === digits) ? bytesOfText(parts.join("")) : null;
}

/** `text` (32 hex digits) as a1/a2/a3/a4/rest. */
export function pathOfText(text: string): string {
  return `${text.slice(0, 2)}/${text.slice(2, 4)}/${text.slice(4, 6)}/${text.slice(6, 8)}/${text.slice(8)}`;
}

/** The bytes that have a meaning in an mbox file. */
export const LF = 0x0a;
export const CR = 0x0d;
export const GREATER = 0x3e;
export const CRLF: Uint8Array = Uint8Array.of(CR, LF);
export const FROM: Uint8Array = new TextEncoder().encode("From ");

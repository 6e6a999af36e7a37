import fc from "fast-check";

/** Bytes that are cheap to make and to compare in any number. */

/** Bytes that differ from their neighbours and, by `seed`, from those of another message. */
export function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8) + seed) & 0xff;
  return bytes;
}

/** Empty, small or large, up to `maxBytes`. */
export function anyBytes(maxBytes: number): fc.Arbitrary<Uint8Array> {
  const anyLength = fc.oneof(fc.constant(0), fc.nat(Math.min(100, maxBytes)), fc.nat(maxBytes));
  return fc.tuple(anyLength, fc.nat(0xff)).map(([length, seed]) => patterned(length, seed));
}

/** Hex: vitest compares and prints text a thousand times faster than bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

import fc from "fast-check";

/** What frame tests share: bytes that are cheap to make and to compare, however many they are. */

/** A number of bytes that differ from their neighbours and, by `seed`, from the next message's. */
export function patterned(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >>> 8) + seed) & 0xff;
  return bytes;
}

/** Empty, small and large: up to `maxBytes`. */
export function anyBytes(maxBytes: number): fc.Arbitrary<Uint8Array> {
  const anyLength = fc.oneof(fc.constant(0), fc.nat(Math.min(100, maxBytes)), fc.nat(maxBytes));
  return fc.tuple(anyLength, fc.nat(0xff)).map(([length, seed]) => patterned(length, seed));
}

/** The bytes as text: vitest compares and shows it a thousand times faster than the bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

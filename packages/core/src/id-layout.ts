/**
 * The layout of an id: a version-1 UUID (RFC 9562), 16 bytes big-endian. Its fields are time_low (4 bytes), time_mid
 * (2), version and time_high (2), variant and clock sequence (2) and node (6).
 */

export const SPOOL_ID_BYTES = 16;

const VERSION_BYTE = 6;
export const VARIANT_BYTE = 8;
export const NODE_BYTE = 10;

export const RFC_VARIANT = 0b10;

/** Set in a random node, never in a network card's address, so the two cannot collide. */
export const MULTICAST_BIT = 0x01;

/** A timestamp counts steps of 100 ns since 1582-10-15, this many milliseconds before the Unix epoch. */
const GREGORIAN_TO_UNIX_MS = 12_219_292_800_000;
export const STEPS_PER_MS = 10_000;

/** Byte offsets in the order in which they decide a comparison: time_high, time_mid, time_low, then the rest. */
const BYTES_BY_AGE: readonly number[] = [6, 7, 4, 5, 0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15];

/** Why `bytes` are no id; null if they are one. */
export function flawOf(bytes: Uint8Array): string | null {
  if (bytes.length !== SPOOL_ID_BYTES) return `must be ${SPOOL_ID_BYTES} bytes, not ${bytes.length}`;
  const variant = bytes[VARIANT_BYTE]! >>> 6;
  if (variant !== RFC_VARIANT) return "must be a UUID of the RFC 9562 variant";
  const version = bytes[VERSION_BYTE]! >>> 4;
  if (version !== 1) return `must be a version-1 UUID, this is version ${version}`;
  return null;
}

/** The timestamp in whole milliseconds since the Unix epoch. Allocates nothing. */
export function createdMsOf(bytes: Uint8Array): number {
  const low = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
  const high = ((bytes[6]! & 0x0f) << 24) | (bytes[7]! << 16) | (bytes[4]! << 8) | bytes[5]!;
  // A double cannot hold the 60-bit count of steps. But 2^32 * 625 steps are exactly 2^28 ms, and it can hold the rest.
  const rest = high % 625;
  const ms = ((high - rest) / 625) * 2 ** 28 + Math.floor((rest * 2 ** 32 + low) / STEPS_PER_MS);
  return ms - GREGORIAN_TO_UNIX_MS;
}

export function compareByAge(a: Uint8Array, b: Uint8Array): number {
  for (const at of BYTES_BY_AGE) {
    const difference = a[at]! - b[at]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

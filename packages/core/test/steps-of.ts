import type { SpoolId } from "../src/spool-id.ts";

export const STEPS_PER_MS = 10_000;
export const GREGORIAN_TO_UNIX_MS = 12_219_292_800_000n;

/** The 60-bit timestamp of an id, in steps of 100 ns, by a way that the sources do not use. */
export function stepsOf(id: SpoolId): bigint {
  const text = id.toString();
  return BigInt(`0x${text.slice(13, 16)}${text.slice(8, 12)}${text.slice(0, 8)}`);
}

import { z } from "zod";

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** An integer from `min` to `max`, both included. `why` completes the error. */
export function countField(min: number, max: number, why?: string): z.ZodType<number, number> {
  return integerField(min, max, `must be an integer from ${min} to ${max}${why === undefined ? "" : `: ${why}`}`);
}

/** A size in bytes from `min` to `max`, both included. */
export function bytesField(min: number, max: number): z.ZodType<number, number> {
  return integerField(
    min,
    max,
    `must be an integer number of bytes from ${min} to ${max} (${binary(min)} to ${binary(max)})`,
  );
}

function integerField(min: number, max: number, allowed: string): z.ZodType<number, number> {
  return z.int({ error: allowed }).min(min, { error: allowed }).max(max, { error: allowed });
}

/** `bytes` in the largest unit that divides it. */
function binary(bytes: number): string {
  for (const [unit, size] of [
    ["GiB", GIB],
    ["MiB", MIB],
    ["KiB", KIB],
  ] as const) {
    if (bytes > 0 && bytes % size === 0) return `${bytes / size} ${unit}`;
  }
  return `${bytes} bytes`;
}

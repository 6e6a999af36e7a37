import ms from "ms";
import { z } from "zod";

/** Milliseconds as a number, or a number and a unit as text: `"250ms"`, `"15s"`, `"5 minutes"`, `"24 hours"`. */
export type Duration = number | string;

/** The longest valid duration. A longer one is a slip, such as a number in a smaller unit than milliseconds. */
export const MAX_DURATION_MS: number = ms("1 year");

const ENDS_IN_A_UNIT = /[a-z]$/i;

/**
 * `value` in whole milliseconds; null unless it is a duration from 0 to `MAX_DURATION_MS`. Text needs a unit, because
 * `"15"` could mean seconds or milliseconds.
 */
export function parseDuration(value: unknown): number | null {
  let duration: number | undefined;
  if (typeof value === "number") duration = value;
  // ms returns undefined for text it cannot parse, although its types do not say so.
  else if (typeof value === "string" && ENDS_IN_A_UNIT.test(value)) duration = ms(value as ms.StringValue);
  if (duration === undefined || !(duration >= 0 && duration <= MAX_DURATION_MS)) return null;
  return Math.round(duration);
}

/** A duration from `min` to `max`, both included. Parses to milliseconds. */
export function durationField(min: ms.StringValue, max: ms.StringValue): z.ZodType<number, Duration> {
  const minMs = ms(min);
  const maxMs = ms(max);
  const fits = (value: unknown): boolean => {
    const duration = parseDuration(value);
    return duration !== null && duration >= minMs && duration <= maxMs;
  };
  const allowed = `must be a duration from ${min} to ${max}, in milliseconds or as text such as "15s" or "5 minutes"`;
  return z.custom<Duration>(fits, { error: allowed }).transform((value) => parseDuration(value) as number);
}

/** A duration that the engine fixes: `only` is the one valid value. `why` completes the error. */
export function fixedDurationField(only: ms.StringValue, why: string): z.ZodType<number, Duration> {
  const onlyMs = ms(only);
  return z
    .custom<Duration>((value) => parseDuration(value) === onlyMs, { error: `only "${only}" is possible here: ${why}` })
    .transform(() => onlyMs);
}

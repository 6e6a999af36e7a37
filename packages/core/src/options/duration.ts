import ms from "ms";
import { z } from "zod";

/** A span of time: milliseconds as a number, or a number and its unit as text: `"250ms"`, `"15s"`, `"5 minutes"`, `"24 hours"`. */
export type Duration = number | string;

/** The longest duration that is taken for one: a year. Longer ones are slips (seconds given where milliseconds count). */
export const MAX_DURATION_MS: number = ms("1 year");

const ENDS_IN_A_UNIT = /[a-z]$/i;

/**
 * `value` in whole milliseconds, or null where it is not a duration of 0 to `MAX_DURATION_MS`. Text needs its unit:
 * `"15"` could be seconds as well as milliseconds.
 */
export function parseDuration(value: unknown): number | null {
  let duration: number | undefined;
  if (typeof value === "number") duration = value;
  // ms answers undefined to what it cannot read, though its types do not say so.
  else if (typeof value === "string" && ENDS_IN_A_UNIT.test(value)) duration = ms(value as ms.StringValue);
  if (duration === undefined || !(duration >= 0 && duration <= MAX_DURATION_MS)) return null;
  return Math.round(duration);
}

/** A config field that holds a duration from `min` to `max`, both included; its parsed value is in milliseconds. */
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

/** A config field whose duration cannot be changed here: only `only` is taken. `why` ends the sentence. */
export function fixedDurationField(only: ms.StringValue, why: string): z.ZodType<number, Duration> {
  const onlyMs = ms(only);
  return z
    .custom<Duration>((value) => parseDuration(value) === onlyMs, { error: `only "${only}" is possible here: ${why}` })
    .transform(() => onlyMs);
}

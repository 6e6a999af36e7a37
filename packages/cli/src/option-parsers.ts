import { InvalidArgumentError } from "commander";

/** A parser of whole numbers in a range. Commander turns its error into one line and exit code 2. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

const AGE = /^(\d+)(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const ISO_DATE = /^\d{4}-\d{2}-\d{2}/;

/** Parses a date, a date and time, or an age before now. */
export function moment(text: string): Date {
  const age = AGE.exec(text);
  if (age !== null) return new Date(Date.now() - Number(age[1]) * (UNIT_MS[age[2] as string] as number));
  const date = new Date(text);
  if (!ISO_DATE.test(text) || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError("It must be a date (2026-01-31T12:00Z) or an age (90s, 15m, 24h, 7d).");
  }
  return date;
}

/** The limit of `openSpool`. */
export const MAX_SHARDS = 256;

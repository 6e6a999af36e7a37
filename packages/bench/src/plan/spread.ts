import { max, median, min } from "simple-statistics";

/** The median and range of several measurements. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

/** Null for no values. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const all = [...values];
  return { median: median(all), least: min(all), most: max(all), count: all.length };
}

import { median } from "simple-statistics";

/** Fewer figures than that show no course. */
const MIN_FIGURES = 8;

/**
 * How memory goes on once it is warm: the median of the last quarter over that of the second. 1 is flat. Null where there are too few
 * figures.
 */
export function rssGrowth(rssBytes: readonly number[]): number | null {
  if (rssBytes.length < MIN_FIGURES) return null;
  const quarter = Math.floor(rssBytes.length / 4);
  return median(rssBytes.slice(-quarter)) / median(rssBytes.slice(quarter, 2 * quarter));
}

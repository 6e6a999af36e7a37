import { median } from "simple-statistics";

/** Fewer samples show no trend. */
const MIN_SAMPLES = 8;

/**
 * The growth of memory after the warm-up: the median of the last quarter of the samples divided by that of the second
 * quarter. 1 is no growth. Null if there are too few samples.
 */
export function rssGrowth(rssBytes: readonly number[]): number | null {
  if (rssBytes.length < MIN_SAMPLES) return null;
  const quarter = Math.floor(rssBytes.length / 4);
  return median(rssBytes.slice(-quarter)) / median(rssBytes.slice(quarter, 2 * quarter));
}

import type { GoalResult } from "../plan/evaluate.ts";

/** Numbers as text for the reports. */

const MEBIBYTE = 1024 * 1024;
const NOTHING = "–";

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : Math.round(value).toLocaleString("en-US");
}

/** About three digits. */
export function decimal(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

export function mebibytes(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined ? NOTHING : count(bytes / MEBIBYTE);
}

/** The value of a goal with its unit. */
export function goalValue(value: number, unit: GoalResult["unit"]): string {
  return unit === "ms" ? `${decimal(value)} ms` : decimal(value);
}

export function goalBound({ bound, direction, unit }: GoalResult): string {
  return `${direction === "at least" ? "≥" : "≤"} ${goalValue(bound, unit)}`;
}

/** The verdict, the best rival, and the rivals that were not measured. */
export function goalVerdict({ met, against, absent }: GoalResult): string {
  if (met === null) return "not measured";
  const rival = against === null ? "" : `; the best was ${against}`;
  const others = absent.length === 0 ? "" : `; not measured: ${absent.join(", ")}`;
  return `${met ? "met" : "missed"}${rival}${others}`;
}

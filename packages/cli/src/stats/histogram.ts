import { formatBytes, formatCount, formatPercent } from "../terminal/format.ts";
import { renderTable } from "../terminal/table.ts";
import type { Octave } from "./distribution.ts";

const BAR_CHARS = 40;

/** A line for each power of two, with a bar in proportion to the largest count. */
export function renderSizeHistogram(octaves: readonly Octave[]): string {
  const most = Math.max(0, ...octaves.map(({ count }) => count));
  const total = octaves.reduce((sum, { count }) => sum + count, 0);
  const rows = octaves.map(({ from, to, count }) => {
    // A small count still gets one block.
    const blocks = count === 0 ? 0 : Math.max(1, Math.round((count / most) * BAR_CHARS));
    return [
      formatBytes(from),
      `< ${formatBytes(to)}`,
      formatCount(count),
      formatPercent(count, total),
      "█".repeat(blocks),
    ];
  });
  return renderTable([["size", "", "messages", "share"], ...rows], ["right", "left", "right", "right", "left"]);
}

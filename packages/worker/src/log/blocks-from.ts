import { closeSync, openSync } from "node:fs";
import type { LogIdentity } from "./block-format.ts";
import type { LogMark } from "./log-mark.ts";
import { SEGMENT_HEADER_BYTES, segmentPath } from "./segment-file.ts";
import { type Gap, isGap, type ScannedBlock, scanSegment } from "./segment-scan.ts";

/** What of a log counts. */
export interface LogExtent {
  /** Live segments, oldest first, and where the blocks of each end. */
  readonly segments: readonly { readonly segment: number; readonly end: number }[];
  readonly holes: LogMark["holes"];
}

/** Every block of the segments from a position on, in order. Skips holes, and blocks with torn bodies in them. */
export function* blocksFrom(
  directory: string,
  identity: LogIdentity,
  { segments, holes }: LogExtent,
  from: { readonly segment: number; readonly offset: number },
  /** Called for a gap that is no hole. */
  onGap: (segment: number, gap: Gap) => void = () => {},
): Generator<ScannedBlock> {
  for (const { segment, end } of segments) {
    if (segment < from.segment) continue;
    const descriptor = openSync(segmentPath(directory, segment), "r");
    try {
      const start = segment === from.segment ? Math.max(from.offset, SEGMENT_HEADER_BYTES) : SEGMENT_HEADER_BYTES;
      for (const scanned of scanSegment({ descriptor, segment, end }, identity, start)) {
        const gap = isGap(scanned) ? scanned : { from: scanned.offset, to: scanned.offset + scanned.bytes };
        if (isInHole(holes, segment, gap)) continue;
        if (isGap(scanned)) onGap(segment, scanned);
        else yield scanned;
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

function isInHole(holes: LogMark["holes"], segment: number, { from, to }: Gap): boolean {
  return holes.some(([of, start, end]) => of === segment && start <= from && to <= end);
}

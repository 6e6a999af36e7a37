import { closeSync, fstatSync, openSync } from "node:fs";
import type { LogIdentity } from "./block-format.ts";
import { blocksFrom } from "./blocks-from.ts";
import { listSegments } from "./log-directory.ts";
import type { LogMark } from "./log-mark.ts";
import {
  decodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  segmentPath,
} from "./segment-file.ts";
import { areBodiesWhole, type Gap, isGap, readFully, type ScannedBlock, scanSegment } from "./segment-scan.ts";

/**
 * Compares a shard's message log with its mark before it is opened. Reads only.
 *
 *     segments and bytes that the mark names ──missing or damaged──▶ loss
 *     blocks behind the mark ──whole──▶ applied
 *                            ──gap, known to have been synced──▶ loss
 *                            ──gap, otherwise──▶ a hole: torn, never acknowledged as synced
 *
 * A gap is known to have been synced if the `syncedThrough` of a later block covers it. Within the boot that wrote it,
 * any later block suffices: there only the last block may be torn, by a process that died during a write.
 */
export interface InspectedLog {
  /** Live segments, oldest first, and where the blocks of each end. */
  readonly segments: readonly { readonly segment: number; readonly end: number }[];
  readonly holes: readonly (readonly [segment: number, from: number, to: number])[];
  /** The newest block. */
  readonly block: number;
  /** Above the number of every segment that exists or existed. */
  readonly nextSegment: number;
  /** Above every epoch that was used. */
  readonly nextEpoch: number;
  /** The torn stretches that are left behind, as text; null if there are none. */
  readonly torn: string | null;
  readonly loss: LogLoss | null;
}

export interface LogLoss {
  readonly reason: string;
  /** Block numbers, both ends included; null if they are not known. */
  readonly missing: { readonly from: number; readonly to: number } | null;
}

export interface InspectLog {
  readonly directory: string;
  readonly identity: LogIdentity;
  readonly mark: LogMark;
  /** The boot that wrote the mark is still running, in the same place: the page cache was kept. */
  readonly sameBoot: boolean;
}

const START = { segment: 0, offset: 0 };

export function inspectLog({ directory, identity, mark, sameBoot }: InspectLog): InspectedLog {
  const there = new Map(listSegments(directory).map(({ segment, bytes }) => [segment, bytes]));
  const tail = new Tail(identity, mark, sameBoot);
  const segments: { segment: number; end: number }[] = [];
  const lost: number[] = [];
  let reason: string | null = null;
  for (const [segment, end] of mark.segments) {
    const bytes = there.get(segment);
    if (bytes === undefined || bytes < end) {
      reason ??= isMissing(segment, end, bytes);
      lost.push(segment);
      if (bytes !== undefined) segments.push({ segment, end: bytes });
    } else segments.push({ segment, end });
  }
  const [last, lastEnd] = mark.segments.at(-1) ?? [0, SEGMENT_HEADER_BYTES];
  const newer = [...there.keys()].filter((segment) => segment > last).sort((a, b) => a - b);
  const current = segments.find(({ segment }) => segment === last);
  const hasCurrent = current !== undefined && current.end === lastEnd;
  const headers = newer.map((segment) => readSegmentHeader(directory, identity, segment));
  const endOf = (segment: number): number => {
    const following = headers.find((header) => header?.previous.segment === segment);
    return following?.previous.end ?? Number.POSITIVE_INFINITY;
  };
  if (hasCurrent && !isSealed(mark, readSegmentHeader(directory, identity, last))) {
    current.end = tail.read(segmentPath(directory, last), last, lastEnd, endOf(last));
  }
  newer.forEach((segment, i) => {
    const header = headers[i];
    if (header === null || header === undefined) {
      tail.lost(segment, there.get(segment) ?? 0);
      return;
    }
    tail.epoch = Math.max(tail.epoch, header.epoch);
    const end = tail.read(segmentPath(directory, segment), segment, SEGMENT_HEADER_BYTES, endOf(segment));
    segments.push({ segment, end });
  });
  const missing = (): LogLoss["missing"] =>
    missingBlocks(blocksFrom(directory, identity, { segments, holes: mark.holes }, START), lost, mark);
  return {
    segments,
    holes: [...mark.holes, ...tail.holes],
    block: tail.block,
    nextSegment: Math.max(last, ...newer, 0) + 1,
    nextEpoch: Math.max(mark.epoch, tail.epoch) + 1,
    torn: tail.torn.length === 0 ? null : tail.torn.join("; "),
    loss: reason === null ? tail.loss : { reason, missing: missing() },
  };
}

/**
 * Whether nothing behind the end that the mark names counts: after a clean close, and in a segment that an earlier
 * opening made, to which the one that wrote the mark never appended. What is there was torn, and was left behind.
 */
function isSealed(mark: LogMark, header: SegmentHeader | null): boolean {
  return mark.clean || (header !== null && header.epoch < mark.epoch);
}

/** The blocks behind the mark. */
class Tail {
  readonly #identity: LogIdentity;
  readonly #sameBoot: boolean;
  readonly holes: [segment: number, from: number, to: number][] = [];
  readonly torn: string[] = [];
  /** The newest block so far. */
  block: number;
  epoch = 0;
  loss: LogLoss | null = null;
  /** The first gap behind the newest block: the block number that was expected there, and the stretch as text. */
  #gap: { readonly from: number; readonly what: string } | null = null;
  /** Blocks that are missing between others. A later block may show that they were synced. */
  readonly #gaps: { readonly from: number; readonly to: number; readonly what: string }[] = [];

  constructor(identity: LogIdentity, mark: LogMark, sameBoot: boolean) {
    this.#identity = identity;
    this.#sameBoot = sameBoot;
    this.block = mark.synced;
  }

  /** A segment without a valid header: a crash came before it was written, or it is damaged. */
  lost(segment: number, bytes: number): void {
    if (bytes > 0) this.#found(segment, { from: 0, to: bytes });
  }

  /** Reads a segment from `start` to at most `limit`. Returns where its blocks end. */
  read(path: string, segment: number, start: number, limit: number): number {
    const descriptor = openSync(path, "r");
    try {
      const to = Math.min(fstatSync(descriptor).size, limit);
      let end = start;
      for (const scanned of scanSegment({ descriptor, segment, end: to }, this.#identity, start)) {
        if (isGap(scanned)) this.#found(segment, scanned);
        else if (this.#take(scanned, { descriptor, segment })) end = scanned.offset + scanned.bytes;
      }
      this.holes.splice(0, this.holes.length, ...this.holes.filter(([of, from]) => of !== segment || from < end));
      return end;
    } finally {
      closeSync(descriptor);
    }
  }

  #take(block: ScannedBlock, { descriptor, segment }: { descriptor: number; segment: number }): boolean {
    // Within one boot a block is whole or cut short. After a power cut any of its pages may be missing.
    if (!this.#sameBoot && !areBodiesWhole({ descriptor }, block)) {
      this.#found(segment, { from: block.offset, to: block.offset + block.bytes });
      return false;
    }
    // Block numbers have no gaps, so a jump shows that a whole segment is missing.
    if (block.block > this.block + 1)
      this.#gap ??= this.#gapAt(`the run of blocks ${this.block + 1} to ${block.block - 1}`);
    // If the expected block follows, the stretch between is what a failed append left behind.
    if (this.#gap !== null && block.block > this.#gap.from) this.#gaps.push({ ...this.#gap, to: block.block - 1 });
    this.#gap = null;
    const lost = this.#gaps.find(({ from }) => this.#sameBoot || from <= block.syncedThrough);
    if (lost !== undefined) {
      const { what, from, to } = lost;
      this.loss ??= { reason: `${what} was on the disk and is damaged`, missing: { from, to } };
    }
    this.epoch = Math.max(this.epoch, block.epoch);
    this.block = Math.max(this.block, block.block);
    return true;
  }

  #found(segment: number, { from, to }: Gap): void {
    const what = `${segmentName(segment)} from ${from} to ${to}`;
    this.holes.push([segment, from, to]);
    this.torn.push(what);
    this.#gap ??= this.#gapAt(what);
  }

  #gapAt(what: string): { from: number; what: string } {
    return { from: this.block + 1, what };
  }
}

function readSegmentHeader(directory: string, identity: LogIdentity, segment: number): SegmentHeader | null {
  const descriptor = openSync(segmentPath(directory, segment), "r");
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
    readFully(descriptor, bytes, 0);
    return decodeSegmentHeader(bytes, identity, segment);
  } finally {
    closeSync(descriptor);
  }
}

function isMissing(segment: number, end: number, bytes: number | undefined): string {
  const name = segmentName(segment);
  return bytes === undefined ? `${name} is missing` : `${name} has ${bytes} bytes and had ${end}`;
}

/** The block numbers that lost segments held; null if no block before one of them has a known number. */
function missingBlocks(blocks: Iterable<ScannedBlock>, lost: readonly number[], mark: LogMark): LogLoss["missing"] {
  // Segment 1 begins with block 1. Before any other there may have been segments that were cleaned.
  let before: { readonly segment: number; readonly block: number } | null =
    mark.segments[0]?.[0] === 1 ? { segment: 1, block: 0 } : null;
  let missing: LogLoss["missing"] = null;
  const pass = (segment: number, block: number): void => {
    if (before !== null && block > before.block + 1) {
      const { segment: first, block: last } = before;
      if (lost.some((one) => first <= one && one <= segment)) {
        missing = { from: (missing as LogLoss["missing"])?.from ?? last + 1, to: block - 1 };
      }
    }
    before = { segment, block };
  };
  for (const { segment, block } of blocks) pass(segment, block);
  pass(Number.POSITIVE_INFINITY, mark.synced + 1);
  return missing;
}

import { closeSync, fdatasync, fsync, openSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { must, SpoolEngineError } from "@rockspool/core";
import { toEngineError } from "../engine/engine-error.ts";
import { BlockBatch, runEnd } from "./block-batch.ts";
import { bodiesOffset } from "./block-format.ts";
import type { BlockParts, BlockPlace, LogPosition, LogStart } from "./log-types.ts";
import { type OpenSegment, OpenSegments } from "./open-segments.ts";
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, segmentPath } from "./segment-file.ts";
import { writeAll } from "./write-all.ts";

/**
 * The message log of a shard: a run of segments. Blocks are appended to the newest one. The log is the truth; the index
 * is made from it.
 *
 *     unlinked < first segment ≤ … ≤ newest segment        synced ≤ appended
 *
 * Appends and reads run on the shard's own thread: both are a copy to or from the page cache. Syncs run on libuv's
 * pool.
 */

/** The state to return to if an append fails. */
interface BeforeAppend {
  readonly block: number;
  readonly nextSegment: number;
  readonly current: OpenSegment | null;
  readonly end: number;
}

const MAX_SEGMENTS = 512;
/** Offsets are 32-bit. */
const MAX_SEGMENT_BYTES = 2 ** 31;

export class MessageLog {
  readonly #start: LogStart;
  readonly #syncFile: (descriptor: number) => Promise<void>;
  readonly #segments: OpenSegments;
  #current: OpenSegment | null = null;
  #block: number;
  #syncedThrough: number;
  #nextSegment: number;
  #failure: SpoolEngineError | null = null;
  readonly #batch = new BlockBatch();

  constructor(start: LogStart) {
    const { directory, path, segments, fullSync } = start;
    this.#start = start;
    this.#segments = new OpenSegments(directory, path, segments);
    this.#syncFile = promisify(fullSync ? fsync : fdatasync);
    this.#block = this.#syncedThrough = start.block;
    this.#nextSegment = start.nextSegment;
  }

  get directory(): string {
    return this.#start.directory;
  }

  /** The end of the log. */
  get end(): LogPosition {
    const current = this.#current ?? this.#segments.newest;
    return { segment: current?.segment ?? 0, offset: current?.end ?? 0, block: this.#block };
  }

  /** The newest block that is known to be on the disk. */
  get syncedThrough(): number {
    return this.#syncedThrough;
  }

  get firstSegment(): number {
    return this.#segments.first ?? this.#nextSegment;
  }

  /**
   * The size up to which a segment is filled, except by one larger block. It grows with the log, so that a shard has at
   * most about `MAX_SEGMENTS`.
   */
  get segmentBytes(): number {
    return Math.min(Math.max(this.#start.segmentBytes, this.#segments.bytes / MAX_SEGMENTS), MAX_SEGMENT_BYTES);
  }

  /** The live segments, oldest first. */
  get segments(): readonly { readonly segment: number; readonly end: number; readonly descriptor: number }[] {
    return this.#segments.all;
  }

  /** The segments whose names are on the disk, and how far each is synced. */
  get syncedSegments(): [segment: number, end: number][] {
    return this.#segments.all.filter(({ named }) => named).map(({ segment, syncedEnd }) => [segment, syncedEnd]);
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.bytes;
  }

  /**
   * Appends the blocks in order. When it returns, the operating system has them. If it throws, none of them counts: the
   * next block begins a new segment, whose header says that the one before ends where they begin. Until that header is
   * on the disk, a crash may bring them back.
   */
  append(blocks: readonly BlockParts[]): BlockPlace[] {
    const places: BlockPlace[] = [];
    const current = this.#current;
    const before = { block: this.#block, nextSegment: this.#nextSegment, current, end: current?.end ?? 0 };
    try {
      for (let at = 0; at < blocks.length; ) {
        const segment = this.#segmentFor(must(blocks[at], "a block to append"));
        const end = runEnd(blocks, at, this.segmentBytes - segment.end);
        this.#write(segment, blocks.slice(at, end), places);
        at = end;
      }
    } catch (error) {
      this.#takeBack(before);
      throw toEngineError(error, this.#start.path);
    }
    return places;
  }

  /**
   * Resolves when everything that was appended before the call is on the disk. One call at a time. A failure is final:
   * the kernel reports it once, and a second call would succeed without the data.
   */
  async sync(): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const block = this.#block;
    try {
      const segments = this.#segments.all.map((segment) => ({ segment, end: segment.end }));
      for (const { segment, end } of segments) {
        if (segment.syncedEnd !== end) await this.#syncFile(segment.descriptor);
      }
      if (segments.some(({ segment }) => !segment.named)) await promisify(fsync)(this.#segments.directoryDescriptor);
      // In one step: a mark that is written during a sync names no segment's end beyond `syncedThrough`.
      for (const { segment, end } of segments) {
        segment.syncedEnd = end;
        segment.named = true;
      }
      this.#syncedThrough = block;
    } catch (error) {
      throw this.#fail("syncing the message log failed", error);
    }
  }

  /** Syncs every segment and the directory, because writes of an earlier process may be in the page cache alone. */
  async syncAll(): Promise<void> {
    try {
      for (const { descriptor } of this.#segments.all) await this.#syncFile(descriptor);
      await promisify(fsync)(this.#segments.directoryDescriptor);
    } catch (error) {
      throw this.#fail("syncing the message log failed", error);
    }
  }

  /** The sync that failed; null if none did. */
  get failure(): SpoolEngineError | null {
    return this.#failure;
  }

  /** Fills `into` from one segment. False if the segment is gone or too short. */
  read(segment: number, offset: number, into: Uint8Array): boolean {
    return this.#segments.read(segment, offset, into);
  }

  /** Unlinks the segments before `firstSegment`, oldest first. */
  unlinkBefore(firstSegment: number): void {
    this.#segments.unlinkBefore(firstSegment, this.#current);
  }

  /** Live segments whose names are missing from the directory. */
  missing(): number[] {
    return this.#segments.missing();
  }

  /** Writes missing segments again from their descriptors. Neither an append nor a sync may run meanwhile. */
  restore(segments: readonly number[]): Promise<void> {
    return this.#segments.restore(segments, this.#current);
  }

  close(): void {
    this.#segments.close();
  }

  #segmentFor({ records, bodyBytes }: BlockParts): OpenSegment {
    const bytes = bodiesOffset(records) + bodyBytes;
    const current = this.#current;
    const fits = current !== null && current.end + bytes <= this.segmentBytes;
    // A block that is larger than a segment has one alone.
    if (current !== null && (fits || current.end === SEGMENT_HEADER_BYTES)) return current;
    return this.#roll();
  }

  #write(segment: OpenSegment, blocks: readonly BlockParts[], places: BlockPlace[]): void {
    const { identity, epoch } = this.#start;
    const at = { epoch, segment: segment.segment, offset: segment.end, block: this.#block };
    const batch = this.#batch.assemble(blocks, identity, at, this.#syncedThrough);
    writeAll(segment.descriptor, batch.parts, segment.end, batch.bytes);
    places.push(...batch.places);
    this.#block += blocks.length;
    this.#segments.endAt(segment, segment.end + batch.bytes);
  }

  /** After a failed append: removes the segments that it began. The segment before takes no more blocks. */
  #takeBack({ block, nextSegment, current, end }: BeforeAppend): void {
    this.#block = block;
    this.#current = null;
    this.#segments.removeFrom(nextSegment);
    if (current !== null) this.#segments.endAt(current, end);
  }

  /** Begins a new segment. Its header fixes where the blocks of the one before end. */
  #roll(): OpenSegment {
    const { directory, identity, epoch } = this.#start;
    const previous = this.#segments.newest;
    const segment = this.#nextSegment++;
    const descriptor = openSync(segmentPath(directory, segment), "wx+", 0o644);
    const header = encodeSegmentHeader(identity, {
      epoch,
      segment,
      firstBlock: this.#block + 1,
      previous: { segment: previous?.segment ?? 0, end: previous?.end ?? 0 },
      firstSegment: this.#segments.first ?? segment,
    });
    try {
      writeAll(descriptor, [header], 0, SEGMENT_HEADER_BYTES);
    } catch (error) {
      closeSync(descriptor);
      rmSync(segmentPath(directory, segment), { force: true });
      throw error;
    }
    const open = { segment, descriptor, end: SEGMENT_HEADER_BYTES, syncedEnd: 0, named: false };
    this.#segments.add(open);
    this.#current = open;
    return open;
  }

  /** Always of kind `io`, which latches the gate: what the failed call left on the disk is not known. */
  #fail(what: string, cause: unknown): SpoolEngineError {
    const message = `${what}: ${cause instanceof Error ? cause.message : String(cause)}`;
    this.#failure ??= new SpoolEngineError(message, { kind: "io", path: this.#start.path, cause });
    return this.#failure;
  }
}

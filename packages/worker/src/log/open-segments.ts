import { close, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { toEngineError } from "../engine/engine-error.ts";
import { replaceFile, syncDirectory } from "../files/checked-file.ts";
import { placeOf } from "./log-mark.ts";
import { segmentName, segmentPath } from "./segment-file.ts";
import { readFully } from "./segment-scan.ts";
import { copyDescriptor } from "./write-all.ts";

export interface OpenSegment {
  readonly segment: number;
  descriptor: number;
  /** Where its blocks end. */
  end: number;
  syncedEnd: number;
  /** Its name is on the disk. */
  named: boolean;
}

/** The live segments of a message log, oldest first, each with a descriptor that is kept open. */
export class OpenSegments {
  readonly directory: string;
  /** The shard's directory, for errors. */
  readonly #path: string;
  #directoryDescriptor: number;
  /** Device and inode of the directory that was opened, or made anew. */
  #place: string;
  readonly #segments = new Map<number, OpenSegment>();
  #bytes = 0;

  constructor(
    directory: string,
    path: string,
    segments: readonly { readonly segment: number; readonly end: number }[],
  ) {
    this.directory = directory;
    this.#path = path;
    this.#directoryDescriptor = openSync(directory, "r");
    this.#place = placeOf(directory);
    for (const { segment, end } of segments) {
      const descriptor = openSync(segmentPath(directory, segment), "r");
      this.add({ segment, descriptor, end, syncedEnd: end, named: true });
    }
  }

  get all(): readonly OpenSegment[] {
    return [...this.#segments.values()];
  }

  get newest(): OpenSegment | null {
    return this.all.at(-1) ?? null;
  }

  /** The number of the oldest; null if there is none. */
  get first(): number | null {
    return this.#segments.keys().next().value ?? null;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#bytes;
  }

  get directoryDescriptor(): number {
    return this.#directoryDescriptor;
  }

  add(segment: OpenSegment): void {
    this.#segments.set(segment.segment, segment);
    this.#bytes += segment.end;
  }

  /** Moves where a segment's blocks end. */
  endAt(segment: OpenSegment, end: number): void {
    this.#bytes += end - segment.end;
    segment.end = end;
  }

  /** Removes segments that hold nothing: those from this number on. */
  removeFrom(number: number): void {
    for (const { segment, descriptor, end } of this.all) {
      if (segment < number) continue;
      this.#segments.delete(segment);
      this.#bytes -= end;
      closeSync(descriptor);
      rmSync(segmentPath(this.directory, segment), { force: true });
    }
  }

  /** Fills `into` from one segment. False if the segment is gone or too short. */
  read(segment: number, offset: number, into: Uint8Array): boolean {
    const open = this.#segments.get(segment);
    if (open === undefined) return false;
    return readFully(open.descriptor, into, offset) === into.byteLength;
  }

  /** Unlinks the segments before `firstSegment`, oldest first, but not the one that blocks are appended to. */
  unlinkBefore(firstSegment: number, current: OpenSegment | null): void {
    let unlinked = false;
    for (const open of [...this.#segments.values()]) {
      if (open.segment >= firstSegment || open === current) continue;
      unlinkSync(segmentPath(this.directory, open.segment));
      this.#segments.delete(open.segment);
      this.#bytes -= open.end;
      // On libuv's pool: closing the last descriptor of a large unlinked file takes 5 to 160 ms.
      close(open.descriptor, () => {});
      unlinked = true;
    }
    if (unlinked) fsyncSync(this.#directoryDescriptor);
  }

  /** Live segments whose names are missing from the directory. */
  missing(): number[] {
    let names: Set<string>;
    try {
      names = new Set(readdirSync(this.directory));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      names = new Set();
    }
    return [...this.#segments.keys()].filter((segment) => !names.has(segmentName(segment)));
  }

  /**
   * Writes missing segments again from their descriptors, and makes the directory if it is missing. Neither an append
   * nor a sync may run meanwhile. Rejects, and writes nothing, if another directory is in its place.
   */
  async restore(segments: readonly number[], current: OpenSegment | null): Promise<void> {
    const { directory } = this;
    try {
      if (placeOf(directory) !== this.#place) throw new Error(`${directory} is not the directory that was opened`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw toEngineError(error, this.#path);
      mkdirSync(directory, { mode: 0o755 });
      this.#place = placeOf(directory);
    }
    for (const number of segments) {
      const open = this.#segments.get(number);
      if (open === undefined) continue;
      const path = segmentPath(directory, number);
      copyDescriptor(open.descriptor, open.end, `${path}.tmp`);
      await replaceFile(`${path}.tmp`, path);
      const before = open.descriptor;
      open.descriptor = openSync(path, open === current ? "r+" : "r");
      open.syncedEnd = open.end;
      close(before, () => {});
    }
    closeSync(this.#directoryDescriptor);
    this.#directoryDescriptor = openSync(directory, "r");
    await syncDirectory(dirname(directory));
  }

  close(): void {
    for (const { descriptor } of this.#segments.values()) closeSync(descriptor);
    this.#segments.clear();
    closeSync(this.#directoryDescriptor);
  }
}

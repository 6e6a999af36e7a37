import { readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { WRITE_RECORD_BYTES, WriteField, WriteOp } from "@rockspool/core";
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAGIC,
  type BlockHeader,
  bodiesOffset,
  type LogIdentity,
  readBlockHeader,
} from "./block-format.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-file.ts";

/** Reads the headers and tables of a segment's blocks in order. Bodies are read only by `areBodiesWhole`. */

/** Bytes of one read: many small blocks, or the header and table of a large one. */
const WINDOW_BYTES = 64 * 1024;

export interface ScannedBlock extends BlockHeader {
  readonly table: Buffer;
}

/** A stretch without a valid block: damaged, torn, or never written. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface Segment {
  readonly descriptor: number;
  readonly segment: number;
  /** Where its blocks end. */
  readonly end: number;
}

/** Every block from `from` on, and a gap for each stretch without one. */
export function* scanSegment(
  { descriptor, segment, end }: Segment,
  identity: LogIdentity,
  from: number = SEGMENT_HEADER_BYTES,
): Generator<ScannedBlock | Gap> {
  const window = new Window(descriptor, end);
  for (let at = from; at < end; ) {
    const block = readBlock(window, identity, segment, at);
    if (block !== null && at + block.bytes <= end) {
      yield block;
      at += block.bytes;
      continue;
    }
    const next = nextBlock(window, identity, segment, at + 1, end);
    yield { from: at, to: next };
    at = next;
  }
}

export function isGap(scanned: ScannedBlock | Gap): scanned is Gap {
  return "to" in scanned;
}

/** Whether all bodies of the block match their checksums. */
export function areBodiesWhole({ descriptor }: Pick<Segment, "descriptor">, block: ScannedBlock): boolean {
  const start = bodiesOffset(block.records);
  const bodies = Buffer.allocUnsafe(block.bytes - start);
  if (readFully(descriptor, bodies, block.offset + start) < bodies.byteLength) return false;
  let at = 0;
  for (let record = 0; record < block.records; record++) {
    const length = storedLength(block.table, record);
    const isWhole =
      opOf(block.table, record) !== WriteOp.Store ||
      crc32(bodies.subarray(at, at + length)) === checksumOf(block.table, record);
    if (!isWhole || at + length > bodies.byteLength) return false;
    at += length;
  }
  return true;
}

export function opOf(table: Buffer, record: number): WriteOp {
  return table[record * WRITE_RECORD_BYTES + WriteField.Op] as WriteOp;
}

export function storedLength(table: Buffer, record: number): number {
  return table.readUInt32LE(record * WRITE_RECORD_BYTES + WriteField.StoredLength);
}

function checksumOf(table: Buffer, record: number): number {
  return table.readUInt32LE(record * WRITE_RECORD_BYTES + WriteField.Checksum);
}

/** Reads until the buffer is full or the file ends. Returns the number of bytes read. */
export function readFully(descriptor: number, into: Uint8Array, position: number): number {
  let read = 0;
  while (read < into.byteLength) {
    const bytes = readSync(descriptor, into, read, into.byteLength - read, position + read);
    if (bytes === 0) break;
    read += bytes;
  }
  return read;
}

function readBlock(window: Window, identity: LogIdentity, segment: number, at: number): ScannedBlock | null {
  const header = readBlockHeader(window.view(at, BLOCK_HEADER_BYTES), identity, segment, at);
  if (header === null) return null;
  const tableBytes = header.records * WRITE_RECORD_BYTES;
  const view = window.view(at + BLOCK_HEADER_BYTES, tableBytes);
  if (view.byteLength < tableBytes || crc32(view) !== header.tableChecksum) return null;
  return { ...header, table: Buffer.from(view) };
}

/** The offset of the next valid block, or `end`. */
function nextBlock(window: Window, identity: LogIdentity, segment: number, from: number, end: number): number {
  for (let at = from; at < end; ) {
    const view = window.view(at, WINDOW_BYTES);
    const found = view.indexOf(BLOCK_MAGIC);
    if (found < 0) {
      // The magic may begin in the last bytes of this view.
      at += Math.max(1, view.byteLength - BLOCK_MAGIC.byteLength + 1);
      continue;
    }
    const block = readBlock(window, identity, segment, at + found);
    if (block !== null) return at + found;
    at += found + 1;
  }
  return end;
}

/** A view of a file that is read in pieces. */
class Window {
  readonly #descriptor: number;
  readonly #end: number;
  #start = 0;
  #view = Buffer.alloc(0);

  constructor(descriptor: number, end: number) {
    this.#descriptor = descriptor;
    this.#end = end;
  }

  /** Up to `length` bytes from `at` on, fewer at the end of the file. The view is valid until the next call. */
  view(at: number, length: number): Buffer {
    const to = Math.min(at + length, this.#end);
    if (at < this.#start || to > this.#start + this.#view.byteLength) {
      const bytes = Math.min(Math.max(length, WINDOW_BYTES), this.#end - at);
      const into = Buffer.allocUnsafe(Math.max(0, bytes));
      this.#view = into.subarray(0, readFully(this.#descriptor, into, at));
      this.#start = at;
    }
    return this.#view.subarray(at - this.#start, Math.max(at, to) - this.#start);
  }
}

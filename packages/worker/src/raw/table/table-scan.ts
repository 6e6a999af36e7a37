import { ByteReader, orNull } from "../byte-reader.ts";
import type { ChecksumContext, Checksums } from "../checksum.ts";
import { FileWindow, type RawFile } from "../raw-file.ts";
import { Block, TRAILER_BYTES, UNCOMPRESSED } from "./block.ts";

/**
 * Finds the blocks of a table without its index. Blocks follow each other from offset 0 on and do not store their
 * length, but their structure leaves only one possible end:
 *
 *     entry … entry, each with its lengths │ restart array: offsets of entries, their count │ type, checksum
 *
 * The restart array holds offsets of entries whose key shares nothing with the previous key, ascending from 0. Its
 * first number, 0, parsed as an entry would have an empty key, which no entry has: so it ends the entries. Each number
 * must be the offset of such an entry, and the count must match. The checksum depends on the table and on the offset
 * (from format version 6 on); if it is not valid, the scan goes on at the next byte.
 */

/** The sequence number and type at the end of every key. */
export const KEY_SUFFIX_BYTES = 8;
/** Three varints of up to 32 bits. */
const MAX_HEADER_BYTES = 15;
const UINT32_BYTES = 4;
/** A block takes no more entries once it has 8 KiB (`tableBlockSize`), and an entry has at least 11 bytes. */
const MAX_ENTRIES = 4096;
/** Longer than rockspool's keys, and than all keys seen in RocksDB's own blocks. */
const MAX_KEY_BYTES = 65_536;
/** Bytes per read: of the scan itself, and of its looks ahead at a block's structure. */
const SCAN_BYTES = 65_536;
const LOOK_AHEAD_BYTES = 4096;

/** A part of a table: a block with its trailer, or with `block` null a stretch without an accepted block. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly block: Block | null;
}

/** Every block that `accept` takes, and the stretches between them. */
export function* scanBlocks(file: RawFile, accept: (block: Block) => boolean): Generator<Piece> {
  const scan = new FileWindow(file, SCAN_BYTES);
  const lookAhead = new FileWindow(file, LOOK_AHEAD_BYTES);
  const gap = (from: number, to: number): Piece => ({ offset: from, length: to - from, block: null });
  let gapFrom = 0;
  for (let at = 0; at < file.size; ) {
    // The first key of a block shares nothing, so a block begins with 0.
    const block = scan.view(at, 1)[0] === 0 ? blockAt(file, lookAhead, at) : null;
    if (block === null || !accept(block)) {
      at++;
      continue;
    }
    if (gapFrom < at) yield gap(gapFrom, at);
    yield { offset: at, length: block.end - at, block };
    at = block.end;
    gapFrom = at;
  }
  if (gapFrom < file.size) yield gap(gapFrom, file.size);
}

/**
 * The context of a table whose footer is damaged: the one in which two blocks are valid, which happens by chance once
 * in 2^32. Blocks that follow each other from offset 0 on belong to the table. After a gap they may belong to another
 * table, inside a damaged value: then the context must be the only one that two blocks share. Null if there is none.
 */
export function guessContext(file: RawFile, checksums: Checksums): ChecksumContext | null {
  const seen = new Set<string>();
  const shared = new Map<string, ChecksumContext>();
  let gap = false;
  for (const { block } of scanBlocks(file, () => true)) {
    if (block === null) gap = true;
    for (const context of block?.contexts(checksums) ?? []) {
      const name = `${context.type} ${context.base}`;
      if (seen.has(name) && !gap) return context;
      if (seen.has(name)) shared.set(name, context);
      seen.add(name);
    }
  }
  return shared.size === 1 ? [...shared.values()][0]! : null;
}

function blockAt(file: RawFile, lookAhead: FileWindow, offset: number): Block | null {
  const end = structuralEnd(file, lookAhead, offset);
  if (end === null || lookAhead.view(end, 1)[0] !== UNCOMPRESSED) return null;
  return Block.read(file, { offset, length: end - offset });
}

/**
 * Where the block that starts at `start` ends by its structure, without the trailer. Null if nothing there is a block.
 */
function structuralEnd(file: RawFile, lookAhead: FileWindow, start: number): number | null {
  const restarts = new Set<number>();
  let at = start;
  let keyLength = 0;
  for (let count = 0; count < MAX_ENTRIES; count++) {
    const header = readHeader(lookAhead.view(at, MAX_HEADER_BYTES));
    if (header === null) return null;
    const { shared, unshared } = header;
    if (count > 0 && shared === 0 && unshared === 0) return restartsEnd(lookAhead, at, restarts);
    if (shared > keyLength || shared + unshared < KEY_SUFFIX_BYTES || unshared > MAX_KEY_BYTES) return null;
    if (shared === 0) restarts.add(at - start);
    keyLength = shared + unshared;
    at += header.bytes + unshared + header.valueLength;
    if (at + UINT32_BYTES + UINT32_BYTES + TRAILER_BYTES > file.size) return null;
  }
  return null;
}

/** The header of an entry, and its own length. Null if `bytes` is not one. */
function readHeader(bytes: Buffer): { shared: number; unshared: number; valueLength: number; bytes: number } | null {
  const reader = new ByteReader(bytes);
  return orNull(() => ({
    shared: reader.varint(),
    unshared: reader.varint(),
    valueLength: reader.varint(),
    bytes: reader.at,
  }));
}

/** The end of the restart array that starts at `start`. Null if it does not match the offsets in `restarts`. */
function restartsEnd(lookAhead: FileWindow, start: number, restarts: ReadonlySet<number>): number | null {
  let previous = -1;
  for (let count = 0; ; count++) {
    const at = start + count * UINT32_BYTES;
    const bytes = lookAhead.view(at, UINT32_BYTES);
    if (bytes.byteLength < UINT32_BYTES) return null;
    const member = bytes.readUInt32LE(0);
    if (count > 0 && member === count) return at + UINT32_BYTES;
    if (member <= previous || !restarts.has(member)) return null;
    previous = member;
  }
}

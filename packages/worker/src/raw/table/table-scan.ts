import { ByteReader, orNull } from "../byte-reader.ts";
import type { ChecksumContext, Checksums } from "../checksum.ts";
import { FileWindow, type RawFile } from "../raw-file.ts";
import { Block, TRAILER_BYTES, UNCOMPRESSED } from "./block.ts";

/**
 * Finds the blocks of a table without its index. They stand one behind the other from offset 0 on, and none says how long it
 * is; but its entries do, and behind them comes the array of restart points, whose content they foretell: the offsets of
 * entries that share nothing with the key before, rising from 0, then how many these are. Its first member, 0, read as an
 * entry would have an empty key, which no entry has. So the structure names one possible end, and the checksum behind it,
 * which from format version 6 on depends on the table and on the offset, proves the block or not. Where no block is proven,
 * the search goes on at the next byte.
 */

/** Every key ends with its sequence number and type. */
export const KEY_SUFFIX_BYTES = 8;
/** Three varints of up to 32 bits. */
const MAX_HEAD_BYTES = 15;
const UINT32_BYTES = 4;
/** A block ends when it has more than 8 KiB (`tableBlockSize`), and an entry has at least 11 bytes. */
const MAX_ENTRIES = 4096;
/** Longer keys than rockspool's, and than any that was seen. */
const MAX_KEY_BYTES = 65_536;
/** For the walk over a file's bytes, and for the looks ahead. */
const WALK_BYTES = 65_536;
const LOOK_BYTES = 4096;

/** A part of a table: a block with its trailer, or where there is none that its checksum proves. */
export interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly block: Block | null;
}

/** Every block that `accept` takes, and null for each stretch in which there is none. */
export function* scanBlocks(file: RawFile, accept: (block: Block) => boolean): Generator<Piece> {
  const walk = new FileWindow(file, WALK_BYTES);
  const look = new FileWindow(file, LOOK_BYTES);
  const gap = (from: number, to: number): Piece => ({ offset: from, length: to - from, block: null });
  let gapFrom = 0;
  for (let at = 0; at < file.size; ) {
    const block = walk.view(at, 1)[0] === 0 ? blockAt(file, look, at) : null;
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
 * The context of a table whose footer is lost: the one that two blocks agree on, which 32 bits do by chance once in four
 * thousand million times. Blocks that follow each other from offset 0 on are the table's own. Behind a gap they may be those
 * of another table that a damaged value holds: then it must be the only one. Null where there is none.
 */
export function guessContext(file: RawFile, checksums: Checksums): ChecksumContext | null {
  const seen = new Set<string>();
  const agreed = new Map<string, ChecksumContext>();
  let gap = false;
  for (const { block } of scanBlocks(file, () => true)) {
    if (block === null) gap = true;
    for (const context of block?.contexts(checksums) ?? []) {
      const name = `${context.type} ${context.base}`;
      if (seen.has(name) && !gap) return context;
      if (seen.has(name)) agreed.set(name, context);
      seen.add(name);
    }
  }
  return agreed.size === 1 ? [...agreed.values()][0]! : null;
}

function blockAt(file: RawFile, look: FileWindow, offset: number): Block | null {
  const end = structuralEnd(file, look, offset);
  if (end === null || look.view(end, 1)[0] !== UNCOMPRESSED) return null;
  return Block.read(file, { offset, length: end - offset });
}

function structuralEnd(file: RawFile, look: FileWindow, start: number): number | null {
  const restarts = new Set<number>();
  let at = start;
  let keyLength = 0;
  for (let count = 0; count < MAX_ENTRIES; count++) {
    const head = readHead(look.view(at, MAX_HEAD_BYTES));
    if (head === null) return null;
    const { shared, unshared } = head;
    if (count > 0 && shared === 0 && unshared === 0) return restartsEnd(look, at, restarts);
    if (shared > keyLength || shared + unshared < KEY_SUFFIX_BYTES || unshared > MAX_KEY_BYTES) return null;
    if (shared === 0) restarts.add(at - start);
    keyLength = shared + unshared;
    at += head.bytes + unshared + head.valueLength;
    if (at + UINT32_BYTES + UINT32_BYTES + TRAILER_BYTES > file.size) return null;
  }
  return null;
}

function readHead(bytes: Buffer): { shared: number; unshared: number; valueLength: number; bytes: number } | null {
  const reader = new ByteReader(bytes);
  return orNull(() => ({
    shared: reader.varint(),
    unshared: reader.varint(),
    valueLength: reader.varint(),
    bytes: reader.at,
  }));
}

function restartsEnd(look: FileWindow, start: number, restarts: ReadonlySet<number>): number | null {
  let previous = -1;
  for (let count = 0; ; count++) {
    const at = start + count * UINT32_BYTES;
    const bytes = look.view(at, UINT32_BYTES);
    if (bytes.byteLength < UINT32_BYTES) return null;
    const member = bytes.readUInt32LE(0);
    if (count > 0 && member === count) return at + UINT32_BYTES;
    if (member <= previous || !restarts.has(member)) return null;
    previous = member;
  }
}

import { ByteReader, MalformedError, orNull } from "../byte-reader.ts";
import type { Checksums } from "../checksum.ts";
import { isDeletion, PUT, type RawEntry, type ReportDamage } from "../raw-entry.ts";
import type { RawFile } from "../raw-file.ts";
import { Block, type BlockHandle, TRAILER_BYTES } from "./block.ts";
import { type Footer, readFooter } from "./footer.ts";
import { dataHandles, readHandle } from "./index-block.ts";
import { guessContext, KEY_SUFFIX_BYTES, type Piece, scanBlocks } from "./table-scan.ts";

/** The names under which the metaindex has the handles of other blocks. */
const INDEX = "rocksdb.index";
const RANGE_DELETIONS = "rocksdb.range_del";
/** The types of versions are below. The keys of the blocks that are no data are text, and so have letters where a key has its type. */
const FIRST_OF_TEXT = 0x20;

/** The entries of each data block, as far as a checksum proves it; everything else is reported. */
export function* readTable(file: RawFile, checksums: Checksums, damaged: ReportDamage): Generator<RawEntry[]> {
  const footer = readFooter(file, checksums);
  const indexed = footer === null ? null : indexedPieces(file, checksums, footer, damaged);
  for (const { offset, length, block } of indexed ?? foundPieces(file, checksums, footer, damaged)) {
    if (block === null) damaged(offset, length, "no block of data is proven here by its checksum");
    else if (block.compressed) damaged(offset, length, "the block is compressed");
    else yield versions(block, file.path, damaged);
  }
}

/** Null where footer, metaindex and index do not lead to the data blocks. */
function indexedPieces(
  file: RawFile,
  checksums: Checksums,
  { context, metaindex }: Footer,
  damaged: ReportDamage,
): Iterable<Piece> | null {
  const read = (handle: BlockHandle): Block | null => {
    const block = Block.read(file, handle);
    return block?.isProven(checksums, context) ? block : null;
  };
  const names = read(metaindex);
  const entries = names === null ? null : orNull(() => [...names.entries()]);
  const handleOf = (name: string) => {
    const entry = entries?.find(({ key }) => key.toString("latin1") === name);
    return entry === undefined ? null : orNull(() => readHandle(new ByteReader(entry.value)));
  };
  const index = handleOf(INDEX);
  const indexBlock = index === null ? null : read(index);
  const handles = indexBlock === null ? null : dataHandles(indexBlock);
  if (handles === null) return null;
  const ranges = handleOf(RANGE_DELETIONS);
  if (ranges !== null) damaged(ranges.offset, ranges.length, "deletions of ranges are not read");
  return pieces(handles, read);
}

function* pieces(handles: readonly BlockHandle[], read: (handle: BlockHandle) => Block | null): Generator<Piece> {
  for (const handle of handles)
    yield { offset: handle.offset, length: handle.length + TRAILER_BYTES, block: read(handle) };
}

/** The data blocks that a search of the file finds. */
function* foundPieces(
  file: RawFile,
  checksums: Checksums,
  footer: Footer | null,
  damaged: ReportDamage,
): Generator<Piece> {
  damaged(
    file.size,
    0,
    `the table's ${footer === null ? "footer" : "index"} is lost: its blocks were looked for, and the last ones may be missing`,
  );
  const context = footer?.context ?? guessContext(file, checksums);
  if (context === null) {
    yield { offset: 0, length: file.size, block: null };
    return;
  }
  const found: BlockHandle[] = [];
  for (const piece of scanBlocks(file, (block) => block.isProven(checksums, context))) {
    if (piece.block !== null && isText(piece.block)) continue;
    const isIndex = piece.block !== null && isIndexOf(piece.block, found);
    if (piece.block !== null && !isIndex) found.push(piece.block.handle);
    yield isIndex ? { ...piece, block: null } : piece;
  }
}

/** Properties and metaindex. A filter reads like no block at all. */
function isText(block: Block): boolean {
  return orNull(() => [...block.entries()].some(({ key }) => typeOf(key) >= FIRST_OF_TEXT)) ?? true;
}

/** By chance an index may read like data, and data like an index; but not like one that names all blocks before. */
function isIndexOf(block: Block, found: readonly BlockHandle[]): boolean {
  const handles = dataHandles(block) ?? [];
  const last = handles.at(-1);
  if (last === undefined || last.offset + last.length > block.handle.offset) return false;
  const lengths = new Map(handles.map(({ offset, length }) => [offset, length]));
  return found.every(({ offset, length }) => lengths.get(offset) === length);
}

function typeOf(key: Buffer): number {
  if (key.byteLength < KEY_SUFFIX_BYTES) throw new MalformedError("a key is too short for its number and type");
  return key.readUInt8(key.byteLength - KEY_SUFFIX_BYTES);
}

function versions(block: Block, file: string, damaged: ReportDamage): RawEntry[] {
  const { offset, length } = block.handle;
  const entries: RawEntry[] = [];
  const whole = orNull(() => {
    for (const { key, value } of block.entries()) {
      const type = typeOf(key);
      const suffix = key.byteLength - KEY_SUFFIX_BYTES;
      if (type !== PUT && !isDeletion(type)) damaged(offset, length, `a version in the block is of type ${type}`);
      else
        entries.push({
          key: key.subarray(0, suffix),
          value: isDeletion(type) ? null : value,
          sequence: key.readBigUInt64LE(suffix) >> 8n,
          file,
        });
    }
    return true;
  });
  if (whole === null) damaged(offset, length, "the block is not of the expected form");
  return entries;
}

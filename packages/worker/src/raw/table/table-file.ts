import { ByteReader, MalformedError, orNull } from "../byte-reader.ts";
import type { Checksums } from "../checksum.ts";
import { isDeletion, PUT, type RawEntry, type ReportDamage } from "../raw-entry.ts";
import type { RawFile } from "../raw-file.ts";
import { Block, type BlockHandle, TRAILER_BYTES } from "./block.ts";
import { type Footer, readFooter } from "./footer.ts";
import { dataHandles, readHandle } from "./index-block.ts";
import { guessContext, KEY_SUFFIX_BYTES, type Piece, scanBlocks } from "./table-scan.ts";

/** Keys of the metaindex. The values are handles of blocks. */
const INDEX = "rocksdb.index";
const RANGE_DELETIONS = "rocksdb.range_del";
/**
 * Types of versions are below this. Properties and metaindex have text as keys: a letter stands where a data key has
 * its type.
 */
const FIRST_TEXT_BYTE = 0x20;

/** The entries of each data block with a valid checksum. Everything else is reported. */
export function* readTable(file: RawFile, checksums: Checksums, report: ReportDamage): Generator<RawEntry[]> {
  const footer = readFooter(file, checksums);
  const indexed = footer === null ? null : indexedPieces(file, checksums, footer, report);
  for (const { offset, length, block } of indexed ?? scannedPieces(file, checksums, footer, report)) {
    if (block === null) report(offset, length, "no data block with a valid checksum");
    else if (block.isCompressed) report(offset, length, "the block is compressed");
    else yield versions(block, file.path, report);
  }
}

/** The data blocks that the index lists. Null if metaindex or index is damaged. */
function indexedPieces(
  file: RawFile,
  checksums: Checksums,
  { context, metaindex }: Footer,
  report: ReportDamage,
): Iterable<Piece> | null {
  const read = (handle: BlockHandle): Block | null => {
    const block = Block.read(file, handle);
    return block?.hasValidChecksum(checksums, context) ? block : null;
  };
  const metaindexBlock = read(metaindex);
  const entries = metaindexBlock === null ? null : orNull(() => [...metaindexBlock.entries()]);
  const handleOf = (name: string) => {
    const entry = entries?.find(({ key }) => key.toString("latin1") === name);
    return entry === undefined ? null : orNull(() => readHandle(new ByteReader(entry.value)));
  };
  const index = handleOf(INDEX);
  const indexBlock = index === null ? null : read(index);
  const handles = indexBlock === null ? null : dataHandles(indexBlock);
  if (handles === null) return null;
  const ranges = handleOf(RANGE_DELETIONS);
  if (ranges !== null) report(ranges.offset, ranges.length, "deletions of ranges are not read");
  return pieces(handles, read);
}

function* pieces(handles: readonly BlockHandle[], read: (handle: BlockHandle) => Block | null): Generator<Piece> {
  for (const handle of handles)
    yield { offset: handle.offset, length: handle.length + TRAILER_BYTES, block: read(handle) };
}

/** The data blocks that a scan of the file finds. */
function* scannedPieces(
  file: RawFile,
  checksums: Checksums,
  footer: Footer | null,
  report: ReportDamage,
): Generator<Piece> {
  const damaged = footer === null ? "footer" : "index";
  const consequence = "the file was scanned for blocks, and the last ones may be missing";
  report(file.size, 0, `the table's ${damaged} is damaged: ${consequence}`);
  const context = footer?.context ?? guessContext(file, checksums);
  if (context === null) {
    yield { offset: 0, length: file.size, block: null };
    return;
  }
  const found: BlockHandle[] = [];
  for (const piece of scanBlocks(file, (block) => block.hasValidChecksum(checksums, context))) {
    if (piece.block !== null && isMetaBlock(piece.block)) continue;
    const isIndex = piece.block !== null && isIndexOf(piece.block, found);
    if (piece.block !== null && !isIndex) found.push(piece.block.handle);
    yield isIndex ? { ...piece, block: null } : piece;
  }
}

/**
 * True for properties and metaindex, whose keys are text, and for a filter, which does not have the form of a block.
 */
function isMetaBlock(block: Block): boolean {
  return orNull(() => [...block.entries()].some(({ key }) => typeOf(key) >= FIRST_TEXT_BYTE)) ?? true;
}

/** By chance an index may parse as data, or data as an index; but only the real index lists all blocks before it. */
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

function versions(block: Block, file: string, report: ReportDamage): RawEntry[] {
  const { offset, length } = block.handle;
  const entries: RawEntry[] = [];
  const complete = orNull(() => {
    for (const { key, value } of block.entries()) {
      const type = typeOf(key);
      const suffix = key.byteLength - KEY_SUFFIX_BYTES;
      if (type !== PUT && !isDeletion(type)) report(offset, length, `a version in the block is of type ${type}`);
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
  if (complete === null) report(offset, length, "the block is not of the expected form");
  return entries;
}

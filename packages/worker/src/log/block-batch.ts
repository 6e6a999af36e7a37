import { crc32 } from "node:zlib";
import { BLOCK_HEADER_BYTES, bodiesOffset, type LogIdentity, writeBlockHeader } from "./block-format.ts";
import type { BlockParts, BlockPlace } from "./log-types.ts";

/** The parts of blocks that are written to one segment by one call. */
export interface AssembledBlocks {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly places: readonly BlockPlace[];
}

/** `writev` takes at most 1,024 parts at a time. */
const MAX_PARTS = 900;

/** The end of the run of blocks from `from` on that one call writes to a segment with so much room: at least one. */
export function runEnd(blocks: readonly BlockParts[], from: number, room: number): number {
  let bytes = 0;
  let parts = 0;
  let at = from;
  for (; at < blocks.length; at++) {
    const { records, bodyBytes, bodies } = blocks[at] as BlockParts;
    bytes += bodiesOffset(records) + bodyBytes;
    parts += 2 + bodies.length;
    if (at > from && (bytes > room || parts > MAX_PARTS)) break;
  }
  return at;
}

/** Puts headers before blocks. One batch at a time: the headers of the one before are overwritten. */
export class BlockBatch {
  #headers = Buffer.alloc(64 * BLOCK_HEADER_BYTES);

  /** `at`: where the first block begins, and the number of the block before it. */
  assemble(
    blocks: readonly BlockParts[],
    identity: LogIdentity,
    at: { readonly epoch: number; readonly segment: number; readonly offset: number; readonly block: number },
    syncedThrough: number,
  ): AssembledBlocks {
    const headerBytes = blocks.length * BLOCK_HEADER_BYTES;
    if (this.#headers.byteLength < headerBytes) this.#headers = Buffer.alloc(headerBytes);
    const { epoch, segment } = at;
    const parts: Uint8Array[] = [];
    const places: BlockPlace[] = [];
    let { offset, block } = at;
    blocks.forEach(({ records, table, bodies, bodyBytes }, i) => {
      const header = this.#headers.subarray(i * BLOCK_HEADER_BYTES, (i + 1) * BLOCK_HEADER_BYTES);
      const bytes = bodiesOffset(records) + bodyBytes;
      const tableChecksum = crc32(table);
      block++;
      writeBlockHeader(header, identity, {
        epoch,
        segment,
        block,
        offset,
        bytes,
        records,
        tableChecksum,
        syncedThrough,
      });
      parts.push(header, table, ...bodies);
      places.push({ segment, offset, block });
      offset += bytes;
    });
    return { parts, bytes: offset - at.offset, places };
  }
}

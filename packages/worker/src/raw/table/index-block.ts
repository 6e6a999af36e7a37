import { type ByteReader, MalformedError, orNull } from "../byte-reader.ts";
import { type Block, type BlockHandle, TRAILER_BYTES } from "./block.ts";

/** Offset and length. */
export function readHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint(), length: reader.varint() };
}

/**
 * Where a table's data blocks are, if this block is the index of them: it names blocks one behind the other from offset 0 on.
 * Entries have no length for their value, which ends by itself.
 */
export function dataHandles(block: Block): BlockHandle[] | null {
  return orNull(() => {
    const handles: BlockHandle[] = [];
    const reader = block.entryBytes();
    let expected = 0;
    let length = 0;
    while (!reader.done) {
      const shared = reader.varint();
      reader.take(reader.varint());
      // Behind a key that shares nothing is the whole handle, behind another one only what the length has grown by.
      const handle = shared === 0 ? readHandle(reader) : { offset: expected, length: length + reader.zigzag() };
      if (handle.offset !== expected || handle.length < 0)
        throw new MalformedError("its blocks do not follow each other");
      handles.push(handle);
      length = handle.length;
      expected = handle.offset + length + TRAILER_BYTES;
    }
    return handles;
  });
}

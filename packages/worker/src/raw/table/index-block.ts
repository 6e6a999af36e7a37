import { type ByteReader, MalformedError, orNull } from "../byte-reader.ts";
import { type Block, type BlockHandle, TRAILER_BYTES } from "./block.ts";

export function readHandle(reader: ByteReader): BlockHandle {
  return { offset: reader.varint(), length: reader.varint() };
}

/**
 * The handles of a table's data blocks; null if `block` is not their index. An index lists blocks that follow each
 * other from offset 0 on. Its entries do not store the length of their value: a handle ends after its second number.
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
      // A key that shares nothing is followed by a whole handle, another by the difference to the previous length.
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

import { PLACE_BYTES, type Place } from "../src/log/place.ts";

/** The value of an index entry. */
export function encodePlace({ epoch, segment, offset, storedLength, length, checksum, codec }: Place): Buffer {
  const value = Buffer.alloc(PLACE_BYTES);
  [epoch, segment, offset, storedLength, length, checksum].forEach((field, i) => {
    value.writeUInt32LE(field, i * 4);
  });
  value[24] = codec;
  return value;
}

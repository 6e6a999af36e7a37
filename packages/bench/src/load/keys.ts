const KEY_BYTES = 16;

/** A version-1 UUID as rockspool's ids are, all but the fields that change from one to the next. */
const TEMPLATE = Uint8Array.from([0, 0, 0, 0, 0x3a, 0x5c, 0x11, 0xf0, 0x9b, 0x01, 0x03, 0x52, 0x6f, 0x63, 0x6b, 0x73]);

/**
 * The key of message `index` (less than 2^32), the same in every run: what one process stored, another can load. Keys follow each other in
 * time as a spool's do, so that peers that like rising keys have them.
 */
export function keyOf(index: number): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  key.set(TEMPLATE);
  key[0] = index >>> 24;
  key[1] = index >>> 16;
  key[2] = index >>> 8;
  key[3] = index;
  return key;
}

/** The message that a key is of. */
export function indexOf(key: Uint8Array): number {
  return (
    (((key[0] as number) << 24) | ((key[1] as number) << 16) | ((key[2] as number) << 8) | (key[3] as number)) >>> 0
  );
}

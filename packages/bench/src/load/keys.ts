const KEY_BYTES = 16;

/** A version-1 UUID, as rockspool's ids are, without the low 32 bits of its time. */
const TEMPLATE = Uint8Array.from([0, 0, 0, 0, 0x3a, 0x5c, 0x11, 0xf0, 0x9b, 0x01, 0x03, 0x52, 0x6f, 0x63, 0x6b, 0x73]);

/**
 * The key of message `index` (less than 2^32). It is the same in every process, so that one can load what another
 * stored. Keys rise with the index, as the ids of a spool rise with time: some peers are faster with rising keys.
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

/** The index of the message with this key. */
export function indexOf(key: Uint8Array): number {
  return (
    (((key[0] as number) << 24) | ((key[1] as number) << 16) | ((key[2] as number) << 8) | (key[3] as number)) >>> 0
  );
}

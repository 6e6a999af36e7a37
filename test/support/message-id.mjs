/**
 * 2024-01-01 in the steps of 100 ns since 1582-10-15 that a version-1 UUID counts: old enough for every enumeration.
 */
const START = (1_704_067_200_000n + 12_219_292_800_000n) * 10_000n;

/**
 * The 16 bytes of an id that is known before it is used: number `index` of the ids of `seed`.
 * @param {number} seed
 * @param {number} index
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function messageIdBytes(seed, index) {
  const time = START + BigInt(index);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Number(time & 0xffff_ffffn));
  view.setUint16(4, Number((time >> 32n) & 0xffffn));
  view.setUint16(6, Number((time >> 48n) & 0x0fffn) | 0x1000);
  view.setUint16(8, 0x8000);
  view.setUint32(10, seed);
  return bytes;
}

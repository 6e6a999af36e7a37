import { seededRandom } from "./random.mjs";

/** Every second payload is one that a compressor shrinks. */
const LINE_BYTES = 64;

/**
 * The bytes of message number `seed`: the same in every process, and another seed gives other bytes (from some 8 bytes
 * on).
 * @param {number} seed
 * @param {number} size
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function payload(seed, size) {
  const words = new Uint32Array(Math.ceil(size / 4));
  const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1));
  let state = Math.floor(random() * 0xffff_ffff) | 1;
  const distinct = seed % 2 === 0 ? words.length : Math.min(words.length, LINE_BYTES / 4);
  for (let at = 0; at < distinct; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  const bytes = new Uint8Array(words.buffer, 0, size);
  for (let at = LINE_BYTES; at < size && distinct < words.length; at *= 2) bytes.copyWithin(at, 0, at);
  return bytes;
}

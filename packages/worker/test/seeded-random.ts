import { createHash } from "node:crypto";

const CHUNK_BYTES = 65_536;
const UINT32 = 2 ** 32;

/** Random numbers in 0..1 that depend only on the seed. */
export function seededRandom(seed: number): () => number {
  const numbers = stream(seed);
  return () => numbers.next().value as number;
}

function* stream(seed: number): Generator<number> {
  for (let chunk = 0; ; chunk++) {
    const bytes = createHash("shake256", { outputLength: CHUNK_BYTES }).update(`${seed} ${chunk}`).digest();
    for (let at = 0; at < CHUNK_BYTES; at += 4) yield bytes.readUInt32LE(at) / UINT32;
  }
}

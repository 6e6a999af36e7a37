import { seededRandom } from "../../support/random.mjs";

/** Few enough that many are replaced and removed, many enough to fill memtables of 1 MiB again and again. */
export const IDS = 3000;
const MAX_BYTES = 64 * 1024;
const REMOVES = 0.15;
const SYNCED = 0.2;

/**
 * Operation number `k` of the plan of `seed`. Child and parent both know the plan, so the child has to say only how far it is.
 * @param {number} seed
 * @param {number} k
 */
export function operationAt(seed, k) {
  const random = seededRandom(seed ^ Math.imul(k + 1, 0x85ebca6b));
  return {
    index: Math.floor(random() * IDS),
    remove: random() < REMOVES,
    sync: random() < SYNCED,
    /** Small ones as often as large ones: even on a logarithmic scale. */
    size: Math.floor(MAX_BYTES ** random()),
  };
}

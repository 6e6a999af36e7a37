import { seededRandom } from "../../support/random.mjs";

const REMOVES = 0.15;
const HURRIED = 0.04;
const ABORTED = 0.03;
/** Short enough that some of these stores are too late, long enough that some are not. */
const MAX_HURRY_MS = 8;

/**
 * How many messages there are, how long they get, and how many of the stores are synced.
 * @typedef {{ ids: number, maxBytes: number, synced: number }} Plan
 */

/** Few enough ids that many are replaced and removed, many enough to fill segments of 1 MiB again and again. */
export const FULL_SPEED = { ids: 3000, maxBytes: 64 * 1024, synced: 0.2 };
/** For segments of 64 KiB, with few enough syncs that not each batch has one. */
export const SMALL = { ids: 150, maxBytes: 32 * 1024, synced: 0.03 };
/** For a short life. */
export const FAULTY = { ids: 40, maxBytes: 16 * 1024, synced: 0.3 };

/**
 * Operation number `k` of the plan of `seed`. Child and parent both know the plan, so the child has to say only how far
 * it is.
 * @param {number} seed
 * @param {number} k
 * @param {Plan} plan
 */
export function operationAt(seed, k, { ids, maxBytes, synced }) {
  const random = seededRandom(seed ^ Math.imul(k + 1, 0x85ebca6b));
  const index = Math.floor(random() * ids);
  const remove = random() < REMOVES;
  const sync = random() < synced;
  /** Small ones as often as large ones: even on a logarithmic scale. */
  const size = Math.floor(maxBytes ** random());
  const fate = random();
  return {
    index,
    remove,
    sync,
    size,
    /** Milliseconds that a store is given; null: as long as it takes. */
    hurryMs: fate < HURRIED ? Math.floor(random() * MAX_HURRY_MS) : null,
    /** Its signal is aborted after so many milliseconds. */
    abortMs: fate >= HURRIED && fate < HURRIED + ABORTED ? Math.floor(random() * MAX_HURRY_MS) : null,
  };
}

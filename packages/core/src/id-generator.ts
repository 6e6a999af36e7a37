import { v1 } from "uuid";
import { MULTICAST_BIT, NODE_BYTE, RFC_VARIANT, SPOOL_ID_BYTES, STEPS_PER_MS, VARIANT_BYTE } from "./id-layout.ts";

/** The first field of an id, in bytes. A constant of this module: an imported one makes `advance` 10 ns slower. */
const TIME_LOW_BYTES = 4;

/**
 * The state of this module instance, so each thread has its own. Node and clock sequence (61 random bits) are drawn
 * once, so two threads or processes never make the same id. Within a thread (`msecs`, `nsecs`) only rises: while the
 * clock stands still or goes back, ids use up the 100 ns steps of the last millisecond, then those of the next one.
 */
const state = (() => {
  const random = randomBytes(SPOOL_ID_BYTES);
  const node = random.slice(NODE_BYTE);
  node[0] = node[0]! | MULTICAST_BIT;
  const clockseq = ((random[VARIANT_BYTE]! << 8) | random[VARIANT_BYTE + 1]!) & 0x3fff;
  return { msecs: 0, nsecs: 0, clockseq, node, random };
})();

/** The bytes of the last id. */
const last = new Uint8Array(SPOOL_ID_BYTES);

/** A new id's bytes: later than all before it in this thread. About 140 ns, of which `Date.now` takes 80. */
export function generateBytes(): Uint8Array<ArrayBuffer> {
  const now = Date.now();
  if (now > state.msecs) {
    state.msecs = now;
    state.nsecs = 0;
    writeAll();
  } else if (++state.nsecs === STEPS_PER_MS) {
    state.msecs++;
    state.nsecs = 0;
    writeAll();
  } else {
    advance();
  }
  return new Uint8Array(last);
}

/**
 * Writes `last` from the state. All five fields are set, otherwise `v1` draws random bytes (2,000 ns instead of 45).
 */
function writeAll(): void {
  v1(state, last, 0);
}

/** Adds one step to time_low, which takes 5 ns. It overflows every 7 minutes; only then all of `last` is written. */
function advance(): void {
  for (let at = TIME_LOW_BYTES - 1; at >= 0; at--) {
    const byte = (last[at]! + 1) & 0xff;
    last[at] = byte;
    if (byte !== 0) return;
  }
  writeAll();
}

/** The bytes of another id with the same timestamp; clock sequence and node are random and never drawn before. */
export function deriveBytes(id: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(id);
  fillRandomly(bytes, VARIANT_BYTE);
  bytes[VARIANT_BYTE] = (bytes[VARIANT_BYTE]! & 0x3f) | (RFC_VARIANT << 6);
  bytes[NODE_BYTE] = bytes[NODE_BYTE]! | MULTICAST_BIT;
  return bytes;
}

/** One call for random bytes takes 4,500 ns however few they are, so derived ids draw from a pool. */
const POOL_BYTES = 1024;
let pool = new Uint8Array(0);
let poolAt = 0;

/** Fills `bytes` from `start` on with random bytes that are used only once. */
function fillRandomly(bytes: Uint8Array, start: number): void {
  const count = bytes.length - start;
  if (poolAt + count > pool.length) {
    pool = randomBytes(POOL_BYTES);
    poolAt = 0;
  }
  bytes.set(pool.subarray(poolAt, poolAt + count), start);
  poolAt += count;
}

function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return globalThis.crypto.getRandomValues(new Uint8Array(count));
}

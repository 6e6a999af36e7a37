/**
 * The time at the start of the current microtask turn, in ticks. Reading the clock costs 40 to 80 ns, and a frame
 * settles 256 operations in one turn. Within a turn the clock is read again after every 64 calls, so that the stores of
 * a long loop do not all begin at the same time.
 *
 * A tick is a 32-bit integer, which V8 keeps in the object where it would allocate a fraction. Ticks wrap after 29.8
 * hours, which is longer than the longest `storeDeadline`.
 */
const CALLS_PER_READING = 64;
const TICKS_PER_MS = 40;

let ticks = 0;
let callsLeft = 0;
let turnEndQueued = false;

const endTurn = (): void => {
  callsLeft = 0;
  turnEndQueued = false;
};

export function turnTicks(): number {
  if (callsLeft > 0) {
    callsLeft--;
    return ticks;
  }
  ticks = (performance.now() * TICKS_PER_MS) | 0;
  callsLeft = CALLS_PER_READING - 1;
  if (!turnEndQueued) {
    turnEndQueued = true;
    queueMicrotask(endTurn);
  }
  return ticks;
}

export function secondsSince(begun: number): number {
  return ((turnTicks() - begun) >>> 0) / (TICKS_PER_MS * 1000);
}

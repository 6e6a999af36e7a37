/**
 * The time as it was when this turn began, in ticks: a look at the clock costs 40 to 80 ns, and a frame settles 256 operations in
 * one turn. A turn that goes on looks again every so many questions, so that a long loop of stores does not start them all at once.
 *
 * Ticks are 32-bit integers, which an object holds in place where it would allocate a fraction. They go round after 29.8 hours: more
 * than the longest `storeDeadline`.
 */
const QUESTIONS_A_LOOK = 64;
const TICKS_A_MS = 40;

let ticks = 0;
let questions = 0;
let turnEnds = false;

const endTurn = (): void => {
  questions = 0;
  turnEnds = false;
};

export function turnTicks(): number {
  if (questions > 0) {
    questions--;
    return ticks;
  }
  ticks = (performance.now() * TICKS_A_MS) | 0;
  questions = QUESTIONS_A_LOOK - 1;
  if (!turnEnds) {
    turnEnds = true;
    queueMicrotask(endTurn);
  }
  return ticks;
}

export function secondsSince(begun: number): number {
  return ((turnTicks() - begun) >>> 0) / (TICKS_A_MS * 1000);
}

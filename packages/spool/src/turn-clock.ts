/**
 * The time as it was when this turn began: a look at the clock costs 40 to 80 ns, and a frame settles 256 operations in one
 * turn. A turn that goes on looks again every so many questions, so that a long loop of stores does not start them all at once.
 */
const QUESTIONS_A_LOOK = 64;

/** An array, because a number that is kept in a variable is allocated each time it is set. */
const lookedAtMs = new Float64Array(1);
let questions = 0;
let turnEnds = false;

const endTurn = (): void => {
  questions = 0;
  turnEnds = false;
};

/** Milliseconds as `performance.now()` counts them. */
export function turnMs(): number {
  if (questions > 0) {
    questions--;
    return lookedAtMs[0] as number;
  }
  lookedAtMs[0] = performance.now();
  questions = QUESTIONS_A_LOOK - 1;
  if (!turnEnds) {
    turnEnds = true;
    queueMicrotask(endTurn);
  }
  return lookedAtMs[0] as number;
}

/**
 * The time as it was when this turn began: a look at the clock costs 30 to 50 ns, and a frame settles 256 operations in one
 * turn. A turn that goes on looks again at each sixteenth question, so that a long loop of stores does not start them all at once.
 */
const QUESTIONS_A_LOOK = 16;

let lookedAtMs = 0;
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
    return lookedAtMs;
  }
  lookedAtMs = performance.now();
  questions = QUESTIONS_A_LOOK - 1;
  if (!turnEnds) {
    turnEnds = true;
    queueMicrotask(endTurn);
  }
  return lookedAtMs;
}

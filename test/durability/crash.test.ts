import { it } from "vitest";
import { killAtAnyMoment } from "./crash-rounds.ts";

/** `npm run soak:crash` kills a thousand. */
const ROUNDS = 10;

it(`a process killed under full load, ${ROUNDS} times, loses nothing acknowledged and tears nothing`, async () => {
  await killAtAnyMoment(ROUNDS);
}, 180_000);

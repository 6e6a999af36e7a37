import { it } from "vitest";
import { killAtAnyMoment } from "./crash-rounds.ts";

const ROUNDS = 20;

it(`a process killed in full flight, ${ROUNDS} times, loses nothing that was acknowledged and tears nothing`, async () => {
  await killAtAnyMoment(ROUNDS);
}, 180_000);

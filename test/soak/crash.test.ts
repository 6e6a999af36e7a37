import { it } from "vitest";
import { killAtAnyMoment } from "../durability/crash-rounds.ts";

const ROUNDS = Number(process.env.ROCKSPOOL_CRASH_ROUNDS ?? 1000);

it(
  `a process killed in full flight, ${ROUNDS} times, loses nothing that was acknowledged and tears nothing`,
  async () => {
    await killAtAnyMoment(ROUNDS);
  },
  3 * 3_600_000,
);

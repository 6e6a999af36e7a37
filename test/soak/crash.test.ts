import { it } from "vitest";
import { killAtAnyMoment } from "../durability/crash-rounds.ts";

const ROUNDS = Number(process.env.ROCKSPOOL_CRASH_ROUNDS ?? 1000);

it(
  `a process killed under full load, ${ROUNDS} times, loses nothing acknowledged and tears nothing`,
  async () => {
    await killAtAnyMoment(ROUNDS);
  },
  3 * 3_600_000,
);

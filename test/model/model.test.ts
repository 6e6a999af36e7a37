import { describe, it } from "vitest";
import { checkModel } from "./check-model.ts";

/** The same runs in their thousands: `npm run soak:model`. */
const TIMEOUT_MS = 15 * 60_000;

describe("every answer of a spool is true, whatever happens at the same time,", () => {
  it(
    "in memory, where the power is cut too",
    async () => {
      await checkModel("memory", { numRuns: 80 });
    },
    TIMEOUT_MS,
  );

  it(
    "on RocksDB",
    async () => {
      await checkModel("rocksdb", { numRuns: 120 });
    },
    TIMEOUT_MS,
  );
});

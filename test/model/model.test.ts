import { describe, it } from "vitest";
import { checkModel } from "./check-model.ts";

/** `npm run soak:model` makes thousands of them. */
const RUNS = 30;
const TIMEOUT_MS = 15 * 60_000;

describe("every answer of a spool is true, whatever happens at the same time,", () => {
  it(
    "in memory, where the power is cut too",
    async () => {
      await checkModel("memory", { numRuns: RUNS });
    },
    TIMEOUT_MS,
  );

  it(
    "on RocksDB",
    async () => {
      await checkModel("rocksdb", { numRuns: RUNS });
    },
    TIMEOUT_MS,
  );
});

import { defineConfig } from "vitest/config";
import { base } from "./vitest.config.ts";

/** What takes minutes, and memory or a quiet machine to judge: `npm run soak`. */
export default defineConfig({
  test: {
    ...base,
    include: ["test/soak/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    maxWorkers: 1,
    testTimeout: 30 * 60_000,
  },
});

import { defineConfig } from "vitest/config";
import { base } from "./vitest.config.ts";

/** `npm run failure-modes`: writes docs/failure-modes.md, each line as it comes. */
export default defineConfig({
  test: {
    ...base,
    include: ["test/failure-modes/generate.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 30 * 60_000,
    disableConsoleIntercept: true,
  },
});

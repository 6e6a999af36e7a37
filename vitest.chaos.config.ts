import { defineConfig } from "vitest/config";
import { base } from "./vitest.config.ts";

/** `npm run chaos`: as long as is asked for, each line as it comes. */
export default defineConfig({
  test: {
    ...base,
    include: ["test/chaos/**/*.chaos.ts"],
    exclude: ["**/node_modules/**"],
    testTimeout: 0,
    disableConsoleIntercept: true,
  },
});

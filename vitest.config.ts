import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "test/soak/**"],
    // Tests start worker threads of their own and kill them; a process a file keeps one file's fate from the next.
    pool: "forks",
    maxWorkers: 2,
    // A busy machine with a slow disk takes many times as long as a developer's: only what never ends is to fail by time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000, interval: 5 } },
    restoreMocks: true,
    // Built packages are loaded by Node itself, as in the worker threads: one module, one identity, import.meta.resolve works.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.d.ts"],
    },
  },
});

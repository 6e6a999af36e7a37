import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const TESTS = "**/*.test.ts";
const NOT_RUN = ["**/node_modules/**", "**/dist/**", "test/soak/**"];

/** Tests of packages that open many spools, start processes or wait. */
const SLOW_UNITS = [
  "packages/bench/src/bench.test.ts",
  "packages/bench/src/{peers,run}/**/*.test.ts",
  "packages/cli/src/commands/**/*.test.ts",
  "packages/cli/src/process.test.ts",
  "packages/spool/src/*.test.ts",
  "packages/spool/src/{metrics,monitor,shards,testing,threads}/**/*.test.ts",
  "packages/spool/src/operations/operation-outcomes.test.ts",
  "packages/worker/src/raw/raw-damage.test.ts",
];

/** Tests that replace a module by a mock: another file in the same process may have loaded it already. */
const MOCKING = [
  "packages/worker/src/recovery/{evidence,mark}.test.ts",
  "packages/worker/src/rocksdb/wal-sync*.test.ts",
  "packages/worker/src/shard/directory-check.test.ts",
];

/** Files of test/ first, many of which take a while, so that what ends last is short. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isUnit = ({ project }: TestSpecification): boolean => project.name === "unit";
    return [...sorted.filter((file) => !isUnit(file)), ...sorted.filter(isUnit)];
  }
}

/** For every run, also those of the other vitest.*.config.ts: a config with `projects` ignores its own `include`. */
export const base = {
  sequence: { sequencer: LongestFirst },
  // Tests start worker threads of their own and kill them; a process a file keeps one file's fate from the next.
  pool: "forks",
  maxWorkers: 2,
  // On a busy machine with a slow disk everything takes many times as long: only what never ends fails by time.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000, interval: 5 } },
  restoreMocks: true,
  // Node itself loads built packages, as it does in the worker threads: one copy of each module, and
  // import.meta.resolve.
  server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
  coverage: {
    provider: "v8",
    include: ["packages/*/src/**/*.ts"],
    exclude: ["**/*.test.ts", "**/*.d.ts"],
  },
} satisfies NonNullable<ViteUserConfig["test"]>;

export default defineConfig({
  test: {
    ...base,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [`packages/*/src/${TESTS}`],
          exclude: [...NOT_RUN, ...SLOW_UNITS, ...MOCKING],
          // To start a process and to load the modules takes longer than most of these files.
          isolate: false,
        },
      },
      { extends: true, test: { name: "mocking", include: MOCKING, exclude: NOT_RUN } },
      { extends: true, test: { name: "contract", include: [`test/contract/${TESTS}`], exclude: NOT_RUN } },
      {
        extends: true,
        test: {
          name: "integration",
          include: [...SLOW_UNITS, `test/${TESTS}`],
          exclude: [...NOT_RUN, `test/contract/${TESTS}`],
        },
      },
    ],
  },
});

// @ts-check
// The checks that read code without running it. They look at other packages through their dist: build first.
import { isMain, report, run } from "./run.mjs";

/** The name of each check, and the script that node runs with its arguments. */
const checks = /** @type {[string, string[]][]} */ ([
  ["biome", ["node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", "."]],
  ["types of tests", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.test.json"]],
  ["imports", ["node_modules/dependency-cruiser/bin/dependency-cruise.mjs", "packages/*/{src,bin}", "test"]],
  ["unused code", ["node_modules/knip/bin/knip.js", "--no-config-hints"]],
]);

/** @returns {Promise<{ passed: number, failed: number }>} */
export async function lint() {
  const total = { passed: 0, failed: 0 };
  for (const [name, args] of checks) {
    const ok = await report(name, () => run(process.execPath, args));
    total[ok ? "passed" : "failed"]++;
  }
  return total;
}

if (isMain(import.meta.url)) {
  process.exitCode = (await lint()).failed > 0 ? 1 : 0;
}

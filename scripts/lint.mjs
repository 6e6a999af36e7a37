// @ts-check
// The checks that read code without running it, side by side. They look at other packages through their dist: build
// first.
import { checkLengths } from "./check-lengths.mjs";
import { isMain, report, run } from "./run.mjs";

const node = (/** @type {string[]} */ ...args) => run(process.execPath, args);

/** The name of each check, and what runs it. */
const checks = /** @type {[string, () => Promise<{ ok: boolean, output: string }>][]} */ ([
  ["biome", () => node("node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", ".")],
  ["types of tests", () => node("node_modules/typescript/bin/tsc", "-p", "tsconfig.test.json")],
  ["imports", () => node("node_modules/dependency-cruiser/bin/dependency-cruise.mjs", "packages/*/{src,bin}", "test")],
  ["unused code", () => node("node_modules/knip/bin/knip.js", "--no-config-hints")],
  ["lengths", async () => checkLengths()],
]);

/** @returns {Promise<{ passed: number, failed: number }>} */
export async function lint() {
  const results = await Promise.all(checks.map(([name, check]) => report(name, check)));
  const passed = results.filter((ok) => ok).length;
  return { passed, failed: results.length - passed };
}

if (isMain(import.meta.url)) {
  process.exitCode = (await lint()).failed > 0 ? 1 : 0;
}

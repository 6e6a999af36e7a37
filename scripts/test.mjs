// @ts-check
// npm test: everything that must hold, in one run. npm run test:quick: the checks, the unit tests and the contract of a
// spool. The last line counts it: each check as one, and each test.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lint } from "./lint.mjs";
import { root } from "./run.mjs";
import { setup } from "./setup.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
/** The projects of vitest.config.ts to run; all of them where none is named. */
const projects = values.quick ? ["unit", "mocking", "contract"] : [];

const total = { passed: 0, failed: 0, skipped: 0 };

function count(/** @type {boolean} */ ok) {
  total[ok ? "passed" : "failed"]++;
}

/** Runs vitest, its output shown as it comes, and adds up what its report says. */
async function runTests() {
  const folder = mkdtempSync(join(tmpdir(), "rockspool-test-"));
  const file = join(folder, "report.json");
  try {
    const vitest = ["node_modules/vitest/vitest.mjs", "run", ...projects.map((name) => `--project=${name}`)];
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const child = spawn(process.execPath, [...vitest, ...reporters], { cwd: root, stdio: "inherit" });
    const ok = await new Promise((resolve) => {
      child.on("error", () => resolve(false));
      child.on("close", (code) => resolve(code === 0));
    });
    addReport(file, ok);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addReport(/** @type {string} */ file, /** @type {boolean} */ ok) {
  let parsed;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    console.log("vitest: no report was written");
    count(false);
    return;
  }
  total.passed += parsed.numPassedTests;
  total.skipped += parsed.numPendingTests + parsed.numTodoTests;
  let failed = parsed.numFailedTests;
  for (const { status, assertionResults } of parsed.testResults) {
    // A file that could not be loaded, or a hook that failed, has no failed test of its own.
    const counted = assertionResults.some((/** @type {{ status: string }} */ result) => result.status === "failed");
    if (status === "failed" && !counted) failed++;
  }
  // No test found, or an uncaught error.
  if (!ok && failed === 0) failed = 1;
  total.failed += failed;
}

const ready = await setup();
count(ready);
if (ready) {
  // Side by side: neither keeps two cores busy all the time.
  const [checks] = await Promise.all([lint(), runTests()]);
  total.passed += checks.passed;
  total.failed += checks.failed;
} else {
  console.log("vitest: not run");
  count(false);
}

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 ? 1 : 0;

// @ts-check
// npm run chaos [-- --seed N --minutes M]: everything that can happen to a shard, at random, one after another.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { root } from "./run.mjs";
import { setup } from "./setup.mjs";

const MAX_SEED = 1_000_000;

const { values } = parseArgs({ options: { seed: { type: "string" }, minutes: { type: "string", default: "5" } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * MAX_SEED));
const minutes = Number(values.minutes);
if (!Number.isSafeInteger(seed) || seed < 0 || !(minutes > 0)) {
  console.error("usage: npm run chaos [-- --seed N --minutes M]");
  process.exit(2);
}
if (!(await setup())) process.exit(1);

const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.chaos.config.ts"];
const env = { ...process.env, CHAOS_SEED: String(seed), CHAOS_MINUTES: String(minutes) };
const child = spawn(process.execPath, vitest, { cwd: root, env, stdio: "inherit" });
child.on("close", (code) => {
  process.exitCode = code ?? 1;
});

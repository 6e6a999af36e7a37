// @ts-check
// npm run bench, bench:micro and bench:compare: installs, builds, provides what is missing, and hands its arguments on.
import { spawn } from "node:child_process";
import { provideTools } from "./bench-tools.mjs";
import { root } from "./run.mjs";
import { setup } from "./setup.mjs";

const MAINS = new Map([
  ["bench", "main.js"],
  ["compare", "compare/main.js"],
  ["micro", "micro/main.js"],
]);

const [name = "", ...args] = process.argv.slice(2);
const main = MAINS.get(name);
if (main === undefined) throw new Error(`which benchmark? ${[...MAINS.keys()].join(", ")}`);

if (!(await setup())) process.exit(1);
if (name === "bench" && !args.includes("--help")) await provideTools();

// The benchmark tidies up after itself when it is interrupted: this waits for it to be done.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => child.kill(signal));
const child = spawn(process.execPath, [`${root}packages/bench/dist/${main}`, ...args], { cwd: root, stdio: "inherit" });
child.on("close", (code) => {
  process.exitCode = code ?? 1;
});

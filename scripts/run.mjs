// @ts-check
import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Whether the module of this URL is the one that node was started with. */
export function isMain(/** @type {string} */ url) {
  const main = process.argv[1];
  return main !== undefined && realpathSync(main) === fileURLToPath(url);
}

/**
 * Runs a command in the root folder and keeps its output.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function run(command, args, { env = process.env, cwd = root } = {}) {
  return new Promise((resolve) => {
    const chunks = /** @type {Buffer[]} */ ([]);
    // Windows finds npx only as npx.cmd, which needs a shell.
    const shell = process.platform === "win32" && command !== process.execPath;
    const child = spawn(command, args, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => resolve({ ok: false, output: `${command}: ${error.message}\n` }));
    child.on("close", (code, signal) => {
      if (signal !== null) chunks.push(Buffer.from(`${command} was ended by ${signal}\n`));
      resolve({ ok: code === 0, output: Buffer.concat(chunks).toString() });
    });
  });
}

/**
 * Runs a step: one short line when it is well, the whole output when it is not.
 *
 * @param {string} name
 * @param {() => Promise<{ ok: boolean, output: string }>} step
 * @returns {Promise<boolean>}
 */
export async function report(name, step) {
  const began = performance.now();
  const { ok, output } = await step();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (ok) {
    console.log(`${name}: ok (${seconds} s)`);
  } else {
    console.log(output.trimEnd());
    console.log(`${name}: failed (${seconds} s)`);
  }
  return ok;
}

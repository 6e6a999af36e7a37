/**
 * Runs the built command as a process, for what only a process can show: signals, exit codes, pipes, the environment.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Finished } from "./rockspool.ts";

const BIN = fileURLToPath(new URL("../bin/rockspool.cjs", import.meta.url));

export function startProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } });
}

/** Resolves when the process has ended and its output is read. */
export async function finish(child: ChildProcessWithoutNullStreams): Promise<Finished<number | null>> {
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  const all = Buffer.concat(stdout);
  return { code, stdout: all, stderr, lines: all.toString().split("\n").filter(Boolean) };
}

export function rockspoolProcess(
  args: readonly string[],
  stdin: string | Uint8Array = "",
  env: NodeJS.ProcessEnv = {},
): Promise<Finished<number | null>> {
  const child = startProcess(args, env);
  // A command that does not read its stdin may end before the write.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  return finish(child);
}

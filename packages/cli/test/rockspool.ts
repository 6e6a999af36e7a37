import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach } from "vitest";

/** Helpers to run the built command as its users do: as a process. */

const BIN = fileURLToPath(new URL("../bin/rockspool.cjs", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** stdout as lines. */
  readonly lines: string[];
}

export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } });
}

export async function finish(child: ChildProcessWithoutNullStreams): Promise<Finished> {
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

export function rockspool(args: readonly string[], stdin: string | Uint8Array = ""): Promise<Finished> {
  const child = start(args);
  // A command that does not read its stdin may be gone before it is written.
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  return finish(child);
}

/** A fresh folder for each test, removed after it. */
export function useFolder(): (...names: string[]) => string {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "rockspool-cli-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  return (...names) => join(folder, ...names);
}

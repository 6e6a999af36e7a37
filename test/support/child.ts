import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A Node process that a test started. */
export class Child {
  readonly exit: Promise<ChildExit>;
  /** The whole lines it has printed so far. What it was printing when it was killed is not one. */
  readonly lines: string[] = [];
  stderr = "";
  readonly #process: ChildProcess;
  #rest = "";

  constructor(script: URL, args: readonly string[], execArgv: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [...execArgv, fileURLToPath(script), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#process = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#take(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.exit = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal }));
    });
  }

  get ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** SIGKILL: no handler runs, nothing is flushed. Resolves when the process is gone. */
  async kill(): Promise<ChildExit> {
    this.#process.kill("SIGKILL");
    return this.exit;
  }

  /** Waits for a line that starts with `start`; a process that ends without it fails the test with what it said. */
  async line(start: string, deadlineMs = 120_000): Promise<string> {
    const found = (): string | undefined => this.lines.find((line) => line.startsWith(start));
    await until(`the child prints "${start}"`, () => found() ?? this.ended, deadlineMs);
    if (found() === undefined) await this.exit;
    const line = found();
    if (line === undefined) throw new Error(`the child ended without a line "${start}":\n${this.stderr}`);
    return line;
  }

  #take(text: string): void {
    const pieces = (this.#rest + text).split("\n");
    this.#rest = pieces.pop() ?? "";
    this.lines.push(...pieces);
  }
}

/** One that is killed, by its own id, if it still runs when the test is over. */
export function startChild(
  script: URL,
  args: readonly string[],
  execArgv: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Child {
  const child = new Child(script, args, execArgv, env);
  onTestFinished(async () => {
    await child.kill();
  });
  return child;
}

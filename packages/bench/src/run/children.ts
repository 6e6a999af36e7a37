import { type ChildProcess, fork, spawn } from "node:child_process";
import type { ChildRequest, ChildResponse } from "./protocol.ts";
import type { RunResult } from "./run-result.ts";
import type { RunSpec } from "./run-spec.ts";
import type { Runner } from "./runner.ts";

/** libuv's threads: 4, and 3 for each shard, as docs say for rockspool. The other peers have as many. */
const UV_THREADS_BESIDE_SHARDS = 4;
const UV_THREADS_A_SHARD = 3;

/** What a child said last is kept for the error, so much of it. */
const MAX_STDERR_CHARS = 4000;

/**
 * The processes that are measured, one at a time. Each leads a group of its own: a Ctrl-C reaches only the benchmark, whose `end` then
 * ends the whole group, and what a program has started does not go on writing where somebody tidies up.
 */
export class Children implements Runner {
  #running: ChildProcess | null = null;
  #ended = false;

  async run(spec: RunSpec, directory: string): Promise<RunResult | null> {
    const threads = UV_THREADS_BESIDE_SHARDS + UV_THREADS_A_SHARD * spec.shards;
    const child = this.#take(
      fork(new URL("./child.js", import.meta.url), [], {
        env: { ...process.env, UV_THREADPOOL_SIZE: String(threads) },
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        detached: true,
      }),
    );
    let response: ChildResponse | null = null;
    child.on("message", (message) => {
      response = message as ChildResponse;
    });
    const said = stderrOf(child);
    child.send({ spec, directory } satisfies ChildRequest);
    const how = await this.#end(child);
    const answer = response as ChildResponse | null;
    if (answer === null) throw new Error(`the run's process ended (${how}): ${said()}`);
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }

  async program(command: string, args: readonly string[], cwd?: string): Promise<string> {
    const child = this.#take(spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"], detached: true }));
    const printed: string[] = [];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => printed.push(text));
    const said = stderrOf(child);
    const how = await this.#end(child);
    if (how !== "code 0") throw new Error(`${command} ended (${how}): ${said()}`);
    return printed.join("");
  }

  /** Kills the process that runs, and lets none begin. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#ended = true;
    const child = this.#running;
    if (child === null) return;
    await new Promise<void>((resolve) => {
      child.once("close", () => resolve());
      killGroup(child);
    });
  }

  #take(child: ChildProcess): ChildProcess {
    this.#running = child;
    if (this.#ended) killGroup(child);
    return child;
  }

  /** How it ended, for people. */
  #end(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      child.on("error", (error) => {
        // One that could not be started: nobody may wait for it to end.
        if (child.pid === undefined && this.#running === child) this.#running = null;
        reject(error);
      });
      child.on("close", (code, signal) => {
        if (this.#running === child) this.#running = null;
        resolve(signal === null ? `code ${code}` : `signal ${signal}`);
      });
    });
  }
}

function killGroup({ pid }: ChildProcess): void {
  // One that could not be started has none.
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has just ended by itself.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function stderrOf(child: ChildProcess): () => string {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-MAX_STDERR_CHARS);
  });
  return () => said.trim();
}

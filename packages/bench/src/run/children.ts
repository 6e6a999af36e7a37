import { type ChildProcess, fork, spawn } from "node:child_process";
import type { ChildRequest, ChildResponse } from "./protocol.ts";
import type { RunResult } from "./run-result.ts";
import type { RunSpec } from "./run-spec.ts";
import type { Runner } from "./runner.ts";

/**
 * The size of libuv's thread pool, 4 + 3 for each shard as the docs recommend for rockspool. All peers get the same.
 */
const UV_THREADS_BESIDE_SHARDS = 4;
const UV_THREADS_A_SHARD = 3;

/** The end of a child's stderr is kept for the error. */
const MAX_STDERR_CHARS = 4000;

/**
 * Runs the measured processes, one at a time. Each is the leader of a process group: Ctrl-C reaches only the benchmark,
 * and `end` kills the whole group, so that no descendant writes to directories that are being removed.
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
    const stderr = stderrOf(child);
    child.send({ spec, directory } satisfies ChildRequest);
    const how = await this.#end(child);
    const answer = response as ChildResponse | null;
    if (answer === null) throw new Error(`the run's process ended (${how}): ${stderr()}`);
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }

  async program(command: string, args: readonly string[], cwd?: string): Promise<string> {
    const child = this.#take(spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"], detached: true }));
    const printed: string[] = [];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => printed.push(text));
    const stderr = stderrOf(child);
    const how = await this.#end(child);
    if (how !== "code 0") throw new Error(`${command} ended (${how}): ${stderr()}`);
    return printed.join("");
  }

  /** Kills the running process, and any that is started later. Resolves when it has ended. */
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

  /** Resolves to its exit code or signal, as text. */
  #end(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      child.on("error", (error) => {
        // It could not be started, so `close` is never emitted and `end` must not wait for it.
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
  // It could not be started.
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: it has just ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function stderrOf(child: ChildProcess): () => string {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARS);
  });
  return () => stderr.trim();
}

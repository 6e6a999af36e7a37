import type { MessagePort, Worker } from "node:worker_threads";
import { type Result, type ServeShardTask, threadTasks } from "@rockspool/worker";
import type { Piscina } from "piscina";
import { threadPool } from "./thread-pool.ts";

/**
 * One thread for each shard. A thread runs one task while its shard is served. When a thread dies, piscina rejects its
 * task whatever the exit code, and starts another thread for the next task.
 */
export class ShardThreads {
  readonly #pool: Piscina<ServeShardTask, Result<void>>;

  /** `workerData`: passed to the threads for the engine's module. */
  constructor(shards: number, workerData: unknown = null) {
    this.#pool = threadPool<ServeShardTask, Result<void>>({
      name: threadTasks.names.serve,
      minThreads: shards,
      maxThreads: shards,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData,
    });
    // Emitted for a thread that dies without a task. A shard is restarted by the rejection of its task, so there is
    // nothing to do.
    this.#pool.on("error", () => {});
  }

  /** Resolves with the result of closing when the shard has been closed. Rejects when its thread died. */
  serve(task: ServeShardTask, ports: readonly MessagePort[]): Promise<Result<void>> {
    return this.#pool.run(task, { transferList: [...ports] });
  }

  get workers(): readonly Worker[] {
    return this.#pool.threads;
  }

  async end(): Promise<void> {
    await this.#pool.destroy();
  }
}

import type { MessagePort, Worker } from "node:worker_threads";
import { type Result, type ServeShardTask, threadTasks } from "@rockspool/worker";
import type { Piscina } from "piscina";
import { threadPool } from "./thread-pool.ts";

/**
 * The shards' threads: as many as shards, each running one task for as long as its shard is served. piscina rejects the task
 * of a thread that dies, whatever its exit code, and starts another thread, which takes the next task.
 */
export class ShardThreads {
  readonly #pool: Piscina<ServeShardTask, Result<void>>;

  /** `workerData` is what the engine's module finds under that name. */
  constructor(shards: number, workerData: unknown = null) {
    this.#pool = threadPool<ServeShardTask, Result<void>>({
      name: threadTasks.names.serve,
      minThreads: shards,
      maxThreads: shards,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData,
    });
    // A thread that dies without a task, or throws after its task: the supervisor sees to its shard by the task alone.
    this.#pool.on("error", () => {});
  }

  /** Resolves when the shard has been closed, to how that went; rejects when its thread died. */
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

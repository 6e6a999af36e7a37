import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { holdNativeCalls, shareNativeCalls, threadTasks } from "@rockspool/worker";
import { Piscina } from "piscina";

type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

/** A pool of threads that run `threadTasks`. A thread is terminated only between two calls to RocksDB. */
export function threadPool<Task, Outcome>(options: PoolOptions): Piscina<Task, Outcome> {
  shareNativeCalls();
  const pool = new Piscina<Task, Outcome>({
    filename: fileURLToPath(threadTasks.url),
    // The default, "sync", blocks the event loop of a thread that has no task.
    atomics: "async",
    recordTiming: false,
    ...options,
  });
  const guarded = new WeakSet<Worker>();
  const guardNew = (): void => {
    for (const thread of pool.threads) {
      if (guarded.has(thread)) continue;
      guarded.add(thread);
      terminateBetweenCalls(thread);
    }
  };
  guardNew();
  pool.on("workerCreate", guardNew);
  return pool;
}

/**
 * Makes `terminate` wait for the native call that the thread is in, and hold off further calls until the thread has
 * ended.
 */
function terminateBetweenCalls(thread: Worker): void {
  const terminate = thread.terminate.bind(thread);
  thread.terminate = () => {
    const release = holdNativeCalls(thread.threadId);
    return terminate().finally(release);
  };
}

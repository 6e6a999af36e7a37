import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { holdNativeCalls, shareNativeCalls, threadTasks } from "@rockspool/worker";
import { Piscina } from "piscina";

type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

/** Threads for `threadTasks`. However one of them is terminated, it is never in the middle of a call to RocksDB. */
export function threadPool<Task, Outcome>(options: PoolOptions): Piscina<Task, Outcome> {
  shareNativeCalls();
  const pool = new Piscina<Task, Outcome>({
    filename: fileURLToPath(threadTasks.url),
    // The default, "sync", freezes the event loop of a thread that waits for its next task.
    atomics: "async",
    recordTiming: false,
    ...options,
  });
  const known = new WeakSet<Worker>();
  const know = (): void => {
    for (const thread of pool.threads) {
      if (known.has(thread)) continue;
      known.add(thread);
      terminateBetweenCalls(thread);
    }
  };
  know();
  pool.on("workerCreate", know);
  return pool;
}

function terminateBetweenCalls(thread: Worker): void {
  const terminate = thread.terminate.bind(thread);
  thread.terminate = () => {
    const release = holdNativeCalls(thread.threadId);
    return terminate().finally(release);
  };
}

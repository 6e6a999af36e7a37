// Loaded before everything else, in each thread: one that the main thread names ends itself, in the way that it names.
import { BroadcastChannel, isMainThread, threadId } from "node:worker_threads";

if (!isMainThread) {
  const channel = new BroadcastChannel("die-inside");
  channel.unref();
  channel.onmessage = ({ data }) => {
    if (data.threadId !== threadId) return;
    if (data.way === "exit 0") process.exit(0);
    if (data.way === "exit 3") process.exit(3);
    if (data.way === "throw")
      setImmediate(() => {
        throw new Error("thrown inside the shard's thread");
      });
    if (data.way === "reject") Promise.reject(new Error("rejected inside the shard's thread"));
  };
}

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Block, ComposedBlock, ComposerThreadData } from "./composer-thread.ts";

/** With more threads the disk is the bottleneck. */
const MAX_THREADS = 8;
/** About 1 MiB of messages: the cost of passing it between threads is small. */
const BLOCK_MESSAGES = 32;
/** One that is being composed and one queued, so that a thread is never idle. */
const BLOCKS_PER_THREAD = 2;

/** A thread and the pending calls, in the order of its answers. */
class ComposerThread {
  readonly #worker: Worker;
  readonly #pending: { resolve: (block: ComposedBlock) => void; reject: (error: unknown) => void }[] = [];

  constructor(seed: number) {
    const workerData: ComposerThreadData = { seed };
    this.#worker = new Worker(new URL("./composer-thread.js", import.meta.url), { workerData });
    this.#worker.on("message", (block: ComposedBlock) => this.#pending.shift()?.resolve(block));
    this.#worker.on("error", (error) => this.#rejectAll(error));
    this.#worker.on("exit", (code) => this.#rejectAll(new Error(`a composing thread ended with ${code}`)));
  }

  compose(block: Block): Promise<ComposedBlock> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#worker.postMessage(block);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #rejectAll(error: unknown): void {
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

/** Messages 0 to `count - 1` of a seed, in order, composed by one thread per core. */
export async function* composeInThreads(seed: number, count: number): AsyncGenerator<ComposedBlock> {
  const threads = Array.from({ length: Math.min(MAX_THREADS, availableParallelism()) }, () => new ComposerThread(seed));
  const ahead: Promise<ComposedBlock>[] = [];
  try {
    let blocks = 0;
    for (let from = 0; from < count || ahead.length > 0; ) {
      while (from < count && ahead.length < threads.length * BLOCKS_PER_THREAD) {
        const to = Math.min(count, from + BLOCK_MESSAGES);
        const block = (threads[blocks++ % threads.length] as ComposerThread).compose({ from, to });
        // A caller that stops early never awaits it.
        block.catch(() => {});
        ahead.push(block);
        from = to;
      }
      yield (await ahead.shift()) as ComposedBlock;
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

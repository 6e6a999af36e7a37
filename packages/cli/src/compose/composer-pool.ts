import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Block, ComposedBlock, ComposerThreadData } from "./composer-thread.ts";

/** More threads would wait for the disk. */
const MAX_THREADS = 8;
/** About a megabyte: a message to and fro costs little beside it. */
const BLOCK_MESSAGES = 32;
/** One being composed and one that waits, so that a thread never idles. */
const BLOCKS_PER_THREAD = 2;

/** One thread, and those who wait for its answers, the next first. */
class ComposerThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve: (block: ComposedBlock) => void; reject: (error: unknown) => void }[] = [];

  constructor(seed: number) {
    const workerData: ComposerThreadData = { seed };
    this.#worker = new Worker(new URL("./composer-thread.js", import.meta.url), { workerData });
    this.#worker.on("message", (block: ComposedBlock) => this.#waiting.shift()?.resolve(block));
    this.#worker.on("error", (error) => this.#rejectAll(error));
    this.#worker.on("exit", (code) => this.#rejectAll(new Error(`a composing thread ended with ${code}`)));
  }

  compose(block: Block): Promise<ComposedBlock> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(block);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #rejectAll(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** Messages 0 to before `count` of a seed, in their order, composed by as many threads as there are cores. */
export async function* composeInThreads(seed: number, count: number): AsyncGenerator<ComposedBlock> {
  const threads = Array.from({ length: Math.min(MAX_THREADS, availableParallelism()) }, () => new ComposerThread(seed));
  const ahead: Promise<ComposedBlock>[] = [];
  try {
    let asked = 0;
    for (let from = 0; from < count || ahead.length > 0; ) {
      while (from < count && ahead.length < threads.length * BLOCKS_PER_THREAD) {
        const to = Math.min(count, from + BLOCK_MESSAGES);
        const block = (threads[asked++ % threads.length] as ComposerThread).compose({ from, to });
        // Whoever stops early never looks at those that are ahead.
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

/**
 * Composes in a thread of its own, because composing is bound by the CPU. Answers each `Block` with a `ComposedBlock`,
 * in order.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Composer } from "./composer.ts";

/** The messages to compose: `from` to `to - 1`. */
export interface Block {
  readonly from: number;
  readonly to: number;
}

/** The messages, one after another in memory that is transferred, and the length of each. */
export interface ComposedBlock {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
}

export interface ComposerThreadData {
  readonly seed: number;
}

const port = parentPort;
if (port === null) throw new Error("composer-thread runs as a worker thread");
const composer = new Composer((workerData as ComposerThreadData).seed);

/** Settles with the last block: blocks are composed one after another, so that the answers stay in order. */
let last: Promise<void> = Promise.resolve();
port.on("message", (block: Block) => {
  last = last.then(async () => {
    const answer = await compose(block);
    port.postMessage(answer, [answer.data.buffer]);
  });
});

async function compose({ from, to }: Block): Promise<ComposedBlock> {
  const messages: Buffer[] = [];
  for (let index = from; index < to; index++) messages.push(await composer.compose(index));
  const lengths = messages.map(({ length }) => length);
  const data = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const message of messages) {
    data.set(message, at);
    at += message.length;
  }
  return { data, lengths };
}

import { Worker } from "node:worker_threads";
import { afterEach, expect, it } from "vitest";
import { holdNativeCalls, shareNativeCalls } from "./native-calls.ts";

const guard = new URL("../../dist/rocksdb/native-calls.js", import.meta.url).href;

const workers: Worker[] = [];

afterEach(async () => {
  const ending = workers.splice(0).map((worker) => {
    const release = holdNativeCalls(worker.threadId);
    return worker.terminate().finally(release);
  });
  await Promise.all(ending);
});

interface Calling {
  readonly seen: Int32Array;
  readonly worker: Worker;
  readonly hold: () => () => void;
}

/** A thread whose only work is to call an addon, which counts its calls and whether it is in one: words 0 and 1. */
function callingThread(): Calling {
  shareNativeCalls();
  const seen = new Int32Array(new SharedArrayBuffer(8));
  const code = `
    const { workerData } = require("node:worker_threads");
    import(workerData.guard).then(({ guardNativeCalls }) => {
      const { seen } = workerData;
      const addon = {
        call(word) {
          Atomics.store(seen, 1, 1);
          for (let i = 0; i < 10_000; i++) Atomics.add(seen, word, i % 2 === 0 ? 1 : -1);
          Atomics.add(seen, word, 1);
          Atomics.store(seen, 1, 0);
        },
      };
      guardNativeCalls(addon);
      for (;;) addon.call(0);
    });`;
  const worker = new Worker(code, { eval: true, workerData: { guard, seen } });
  workers.push(worker);
  return { seen, worker, hold: () => holdNativeCalls(worker.threadId) };
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

function moreCalls({ seen }: Calling): void {
  const before = Atomics.load(seen, 0);
  while (Atomics.load(seen, 0) === before) Atomics.wait(nobody, 0, 0, 1);
}

it("while its native calls are held a thread is in none, and released it goes on", () => {
  const thread = callingThread();
  moreCalls(thread);
  for (let round = 0; round < 20; round++) {
    const release = thread.hold();
    const count = Atomics.load(thread.seen, 0);
    expect(Atomics.load(thread.seen, 1)).toBe(0);
    Atomics.wait(nobody, 0, 0, 1);
    expect(Atomics.load(thread.seen, 0)).toBe(count);
    release();
    moreCalls(thread);
  }
});

it("the calls of another thread go on", () => {
  const [held, other] = [callingThread(), callingThread()];
  for (const thread of [held, other]) moreCalls(thread);
  const release = held.hold();
  for (let round = 0; round < 3; round++) moreCalls(other);
  release();
  moreCalls(held);
});

it("of two who hold them the last one lets them go on", () => {
  const thread = callingThread();
  moreCalls(thread);
  const [first, second] = [thread.hold(), thread.hold()];
  first();
  const count = Atomics.load(thread.seen, 0);
  Atomics.wait(nobody, 0, 0, 5);
  expect(Atomics.load(thread.seen, 0)).toBe(count);
  second();
  moreCalls(thread);
});

it("a thread that waits for held calls can be terminated", async () => {
  const thread = callingThread();
  moreCalls(thread);
  const release = thread.hold();
  expect(await thread.worker.terminate()).toBe(1);
  release();
});

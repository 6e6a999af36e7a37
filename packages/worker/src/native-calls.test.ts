import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { holdNativeCalls, shareNativeCalls } from "./native-calls.ts";

const guard = new URL("../dist/native-calls.js", import.meta.url).href;

const workers: Worker[] = [];

afterEach(async () => {
  const release = holdNativeCalls();
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  release();
});

/** A thread whose only work is to call an addon, which counts its calls and whether it is in one: words 0 and 1. */
function callingThread(): Int32Array {
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
  workers.push(new Worker(code, { eval: true, workerData: { guard, seen } }));
  return seen;
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

function moreCalls(seen: Int32Array): void {
  const before = Atomics.load(seen, 0);
  while (Atomics.load(seen, 0) === before) Atomics.wait(nobody, 0, 0, 1);
}

test("while native calls are held no thread is in one, and released they go on", () => {
  const threads = [callingThread(), callingThread()];
  for (const seen of threads) moreCalls(seen);
  for (let round = 0; round < 20; round++) {
    const release = holdNativeCalls();
    const counts = threads.map((seen) => Atomics.load(seen, 0));
    expect(threads.map((seen) => Atomics.load(seen, 1))).toStrictEqual([0, 0]);
    Atomics.wait(nobody, 0, 0, 1);
    expect(threads.map((seen) => Atomics.load(seen, 0))).toStrictEqual(counts);
    release();
    for (const seen of threads) moreCalls(seen);
  }
});

test("of two who hold them the last one lets them go on", () => {
  const seen = callingThread();
  moreCalls(seen);
  const [first, second] = [holdNativeCalls(), holdNativeCalls()];
  first();
  const count = Atomics.load(seen, 0);
  Atomics.wait(nobody, 0, 0, 5);
  expect(Atomics.load(seen, 0)).toBe(count);
  second();
  moreCalls(seen);
});

test("a thread that waits for held calls can be terminated", async () => {
  const seen = callingThread();
  moreCalls(seen);
  const release = holdNativeCalls();
  expect(await workers[0]?.terminate()).toBe(1);
  release();
});

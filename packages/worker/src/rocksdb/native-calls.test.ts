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

/** The words of `state`. */
const CALLS = 0;
const IN_CALL = 1;

interface CallingThread {
  readonly state: Int32Array;
  readonly worker: Worker;
  readonly hold: () => () => void;
}

/** A thread that does nothing but call an addon. The addon counts its calls, and says whether it is in one. */
function callingThread(): CallingThread {
  shareNativeCalls();
  const state = new Int32Array(new SharedArrayBuffer(8));
  const code = `
    const { workerData } = require("node:worker_threads");
    import(workerData.guard).then(({ guardNativeCalls }) => {
      const { state } = workerData;
      const addon = {
        call(word) {
          Atomics.store(state, ${IN_CALL}, 1);
          for (let i = 0; i < 10_000; i++) Atomics.add(state, word, i % 2 === 0 ? 1 : -1);
          Atomics.add(state, word, 1);
          Atomics.store(state, ${IN_CALL}, 0);
        },
      };
      guardNativeCalls(addon);
      for (;;) addon.call(${CALLS});
    });`;
  const worker = new Worker(code, { eval: true, workerData: { guard, state } });
  workers.push(worker);
  return { state, worker, hold: () => holdNativeCalls(worker.threadId) };
}

const neverNotified = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread, so that only other threads run. */
function blockForMs(ms: number): void {
  Atomics.wait(neverNotified, 0, 0, ms);
}

/** Returns when the thread has finished another call. */
function awaitCall({ state }: CallingThread): void {
  const before = Atomics.load(state, CALLS);
  while (Atomics.load(state, CALLS) === before) blockForMs(1);
}

it("a held thread is in no native call until it is released", () => {
  const thread = callingThread();
  awaitCall(thread);
  for (let round = 0; round < 20; round++) {
    const release = thread.hold();
    const count = Atomics.load(thread.state, CALLS);
    expect(Atomics.load(thread.state, IN_CALL)).toBe(0);
    blockForMs(1);
    expect(Atomics.load(thread.state, CALLS)).toBe(count);
    release();
    awaitCall(thread);
  }
});

it("holding one thread does not hold another", () => {
  const [held, other] = [callingThread(), callingThread()];
  for (const thread of [held, other]) awaitCall(thread);
  const release = held.hold();
  for (let round = 0; round < 3; round++) awaitCall(other);
  release();
  awaitCall(held);
});

it("a thread that is held twice waits until both holds are released", () => {
  const thread = callingThread();
  awaitCall(thread);
  const [first, second] = [thread.hold(), thread.hold()];
  first();
  const count = Atomics.load(thread.state, CALLS);
  blockForMs(5);
  expect(Atomics.load(thread.state, CALLS)).toBe(count);
  second();
  awaitCall(thread);
});

it("a held thread can be terminated while it waits", async () => {
  const thread = callingThread();
  awaitCall(thread);
  const release = thread.hold();
  expect(await thread.worker.terminate()).toBe(1);
  release();
});

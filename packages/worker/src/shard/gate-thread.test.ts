import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { createStatusMemory, SAMPLE_FIELDS, ShardGate, ShardStatus } from "@rockspool/core";
import { afterEach, expect, it } from "vitest";

/**
 * The gate and the status block between two threads that exchange no message: only the shared memory carries anything.
 */

const core = pathToFileURL(createRequire(import.meta.url).resolve("@rockspool/core")).href;

const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

/** A thread that runs `body` on the status and the gate of shard 1, and then stays. */
function inThread(memory: SharedArrayBuffer, body: string): Worker {
  const code = `
    const { workerData } = require("node:worker_threads");
    import(workerData.core).then(({ ShardStatus, SAMPLE_FIELDS }) => {
      const status = new ShardStatus(workerData.memory, 1);
      const { gate } = status;
      ${body}
      setInterval(() => {}, 1_000_000);
    });`;
  const worker = new Worker(code, { eval: true, workerData: { core, memory } });
  workers.push(worker);
  return worker;
}

const timer = new Int32Array(new SharedArrayBuffer(4));

/** Polls every millisecond. Blocks the thread, so it handles no message meanwhile. */
function memoryUntil(condition: () => boolean): boolean {
  const endMs = performance.now() + 120_000;
  while (performance.now() < endMs) {
    if (condition()) return true;
    Atomics.wait(timer, 0, 0, 1);
  }
  return false;
}

it("a latch in a shard's thread is seen at once, with reason, time and count, while the main thread handles no message", () => {
  const memory = createStatusMemory(3);
  const status = new ShardStatus(memory, 1);
  const { gate } = status;
  inThread(
    memory,
    `gate.countForegroundError();
     status.writeSample(Object.fromEntries(SAMPLE_FIELDS.map((field, index) => [field, index + 0.5])));
     gate.latch("corruption: 岩 is broken", 1234.5, "io");
     status.beat();`,
  );
  expect(memoryUntil(() => status.heartbeat === 1)).toBe(true);
  expect(gate.latched).toBe(true);
  expect(gate.latchedFor).toStrictEqual({ kind: "io", reason: "corruption: 岩 is broken", atMs: 1234.5 });
  expect(gate.foregroundErrors).toBe(1);
  expect(Object.values(status.readSample())).toStrictEqual(SAMPLE_FIELDS.map((_, index) => index + 0.5));
  for (const other of [0, 2]) expect(new ShardGate(memory, other).latched).toBe(false);
});

it("of two threads that latch at the same time one makes the transition, and its reason is the one that is read", () => {
  const rounds = 500;
  // Shards 0 and 1 belong to one thread each: heartbeats start each round, errors count the wins. The rest are raced
  // for.
  const memory = createStatusMemory(2 + rounds);
  for (const [name, mine, others] of [
    ["left", 0, 1],
    ["right", 1, 0],
  ] as const) {
    inThread(
      memory,
      `const mine = new ShardStatus(workerData.memory, ${mine});
       const other = new ShardStatus(workerData.memory, ${others});
       for (let round = 0; round < ${rounds}; round++) {
         const raced = new ShardStatus(workerData.memory, 2 + round).gate;
         mine.beat();
         while (other.heartbeat < mine.heartbeat);
         if (raced.latch("${name}", round, "io")) mine.gate.countForegroundError();
       }
       mine.beat();`,
    );
  }
  const ends = [0, 1].map((own) => new ShardStatus(memory, own));
  expect(memoryUntil(() => ends.every((end) => end.heartbeat === rounds + 1))).toBe(true);
  const wins = ends.map(({ gate }) => gate.foregroundErrors);
  const reasons = Array.from({ length: rounds }, (_, round) => new ShardGate(memory, 2 + round).latchedFor?.reason);
  expect(["left", "right"].map((name) => reasons.filter((reason) => reason === name).length)).toStrictEqual(wins);
});

it("a latch that is read while it is made shows nothing yet, or its reason, time and kind whole", () => {
  const rounds = 300;
  // Shard 1's heartbeat starts each round; each round latches a shard of its own.
  const memory = createStatusMemory(2 + rounds);
  inThread(
    memory,
    `for (let round = 0; round < ${rounds}; round++) {
       while (status.heartbeat <= round);
       new ShardStatus(workerData.memory, 2 + round).gate.latch("reason " + round, 1 + round, "operator");
     }`,
  );
  const turn = new ShardStatus(memory, 1);
  for (let round = 0; round < rounds; round++) {
    const gate = new ShardGate(memory, 2 + round);
    turn.beat();
    const endMs = performance.now() + 120_000;
    // The first read that is not null must be whole: no pause between the reads.
    let latch = gate.latchedFor;
    while (latch === null && performance.now() < endMs) latch = gate.latchedFor;
    expect(latch).toStrictEqual({ kind: "operator", reason: `reason ${round}`, atMs: 1 + round });
  }
});

it("a latch whose thread dies before it stores the reason does not block readers, and can be explained afterwards", async () => {
  const memory = createStatusMemory(2);
  const status = new ShardStatus(memory, 1);
  const { gate } = status;
  const worker = inThread(
    memory,
    `Atomics.store = () => { status.beat(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); };
     gate.latch("never told", 1, "io");`,
  );
  expect(memoryUntil(() => status.heartbeat === 1)).toBe(true);
  expect([gate.latched, gate.latchedFor, gate.latches]).toStrictEqual([true, null, 0]);
  await worker.terminate();
  expect([gate.latched, gate.latchedFor]).toStrictEqual([true, null]);
  gate.explain("its thread died", 2, "errors");
  expect(gate.latchedFor).toStrictEqual({ kind: "errors", reason: "its thread died", atMs: 2 });
  expect(gate.latches).toBe(1);
});

it("errors that two threads count at the same time are all counted", () => {
  const memory = createStatusMemory(3);
  const status = new ShardStatus(memory, 1);
  const each = 50_000;
  for (let thread = 0; thread < 2; thread++) {
    inThread(memory, `for (let i = 0; i < ${each}; i++) gate.countForegroundError(); status.beat();`);
  }
  expect(memoryUntil(() => status.heartbeat === 2)).toBe(true);
  expect(status.gate.foregroundErrors).toBe(2 * each);
});

it("a gate that is cleared on the main thread is open in the shard's thread", () => {
  const memory = createStatusMemory(3);
  const status = new ShardStatus(memory, 1);
  const { gate } = status;
  gate.latch("maintenance", 1, "io");
  inThread(memory, "status.beat(); while (gate.latched); status.beat();");
  expect(memoryUntil(() => status.heartbeat === 1)).toBe(true);
  gate.clear(0, "proof");
  expect(memoryUntil(() => status.heartbeat === 2)).toBe(true);
});

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { createStatusMemory, SAMPLE_FIELDS, ShardGate } from "@rockspool/core";
import { afterEach, expect, it } from "vitest";

/** The gate between two threads that exchange no message: all that the other side does is seen in the memory. */

const core = pathToFileURL(createRequire(import.meta.url).resolve("@rockspool/core")).href;

const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

/** A thread that runs `body` on the gate of shard 1, and then stays. */
function inThread(memory: SharedArrayBuffer, body: string): void {
  const code = `
    const { workerData } = require("node:worker_threads");
    import(workerData.core).then(({ ShardGate, SAMPLE_FIELDS }) => {
      const gate = new ShardGate(workerData.memory, 1);
      ${body}
      setInterval(() => {}, 1_000_000);
    });`;
  workers.push(new Worker(code, { eval: true, workerData: { core, memory } }));
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Looks at the memory only, a thousand times a second, and lets no message in meanwhile. */
function memoryUntil(condition: () => boolean): boolean {
  const endMs = performance.now() + 120_000;
  while (performance.now() < endMs) {
    if (condition()) return true;
    Atomics.wait(nobody, 0, 0, 1);
  }
  return false;
}

it("a latch in a shard's thread is seen at once, with reason, time and count, while the main thread handles no message", () => {
  const memory = createStatusMemory(3);
  const gate = new ShardGate(memory, 1);
  inThread(
    memory,
    `gate.countForegroundError();
     gate.writeSample(Object.fromEntries(SAMPLE_FIELDS.map((field, index) => [field, index + 0.5])));
     gate.latch("corruption: 岩 is broken", 1234.5, "io");
     gate.beat();`,
  );
  expect(memoryUntil(() => gate.heartbeat === 1)).toBe(true);
  expect([gate.latched, gate.reason, gate.latchedAtMs]).toStrictEqual([true, "corruption: 岩 is broken", 1234.5]);
  expect(gate.foregroundErrors).toBe(1);
  expect(Object.values(gate.readSample())).toStrictEqual(SAMPLE_FIELDS.map((_, index) => index + 0.5));
  for (const other of [0, 2]) expect(new ShardGate(memory, other).latched).toBe(false);
});

it("of two threads that latch at a time one makes the transition, and its reason is the one that is read", () => {
  const rounds = 500;
  // Shards 0 and 1 are the threads' own, to wait for one another and to count their transitions; they race for the others.
  const memory = createStatusMemory(2 + rounds);
  for (const [name, mine, others] of [
    ["left", 0, 1],
    ["right", 1, 0],
  ] as const) {
    inThread(
      memory,
      `const mine = new ShardGate(workerData.memory, ${mine});
       const other = new ShardGate(workerData.memory, ${others});
       for (let round = 0; round < ${rounds}; round++) {
         const raced = new ShardGate(workerData.memory, 2 + round);
         mine.beat();
         while (other.heartbeat < mine.heartbeat);
         if (raced.latch("${name}", round, "io")) mine.countForegroundError();
       }
       mine.beat();`,
    );
  }
  const ends = [0, 1].map((own) => new ShardGate(memory, own));
  expect(memoryUntil(() => ends.every((end) => end.heartbeat === rounds + 1))).toBe(true);
  const wins = ends.map((end) => end.foregroundErrors);
  const reasons = Array.from({ length: rounds }, (_, round) => new ShardGate(memory, 2 + round).reason);
  expect(["left", "right"].map((name) => reasons.filter((reason) => reason === name).length)).toStrictEqual(wins);
});

it("who sees a latch in the moment that it is made is told its reason, time and kind", () => {
  const rounds = 300;
  // Shard 1 says how far this side is; the others are latched in turn.
  const memory = createStatusMemory(2 + rounds);
  inThread(
    memory,
    `for (let round = 0; round < ${rounds}; round++) {
       while (gate.heartbeat <= round);
       new ShardGate(workerData.memory, 2 + round).latch("reason " + round, 1 + round, "operator");
     }`,
  );
  const turn = new ShardGate(memory, 1);
  let putAside = 0;
  for (let round = 0; round < rounds; round++) {
    const latched = new ShardGate(memory, 2 + round);
    turn.beat();
    while (!latched.latched);
    // A machine under load may put the thread aside between its latch and its reason, for longer than anybody waits.
    while (latched.reason === "") putAside++;
    expect([latched.reason, latched.latchedAtMs, latched.kind]).toEqual([`reason ${round}`, 1 + round, "operator"]);
  }
  expect(putAside, "told without a reason").toBeLessThan(rounds / 10);
});

it("errors that two threads count at a time are all counted", () => {
  const memory = createStatusMemory(3);
  const gate = new ShardGate(memory, 1);
  const each = 50_000;
  for (let thread = 0; thread < 2; thread++) {
    inThread(memory, `for (let i = 0; i < ${each}; i++) gate.countForegroundError(); gate.beat();`);
  }
  expect(memoryUntil(() => gate.heartbeat === 2)).toBe(true);
  expect(gate.foregroundErrors).toBe(2 * each);
});

it("a gate that is cleared on the main thread is open in the shard's thread", () => {
  const memory = createStatusMemory(3);
  const gate = new ShardGate(memory, 1);
  gate.latch("maintenance", 1, "io");
  inThread(memory, "gate.beat(); while (gate.latched); gate.beat();");
  expect(memoryUntil(() => gate.heartbeat === 1)).toBe(true);
  gate.clear(0, "proof");
  expect(memoryUntil(() => gate.heartbeat === 2)).toBe(true);
});

import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { threadTasks } from "@rockspool/worker";
import { expect, it } from "vitest";
import { threadPool } from "./thread-pool.ts";

/** Long enough for a thread to load its module. */
const STARTED_MS = 150;
const ROUNDS = 25;

it("the module that threads require is no ES module", () => {
  const tasks: Record<string, unknown> = createRequire(import.meta.url)(fileURLToPath(threadTasks.url));
  expect(types.isModuleNamespaceObject(tasks)).toBe(false);
  expect(Object.keys(tasks).sort()).toEqual(Object.values(threadTasks.names).sort());
});

it("a thread can be terminated at any moment of its start", async () => {
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const pool = threadPool<unknown, unknown>({ minThreads: 2, maxThreads: 2, name: threadTasks.names.acceptLoss });
    pool.on("error", () => {});
    // Once its module is loaded, the task fails, because there is no such engine.
    const run = pool.run({ path: "/nowhere", engine: "file:///nowhere.js", accept: false, beginEmpty: false });
    const ended = run.then(
      () => {},
      () => refused++,
    );
    await sleep((STARTED_MS * round) / ROUNDS);
    await pool.destroy();
    await ended;
  }
  expect(refused, "terminated threads").toBeGreaterThan(0);
});

import { describe, expect, it } from "vitest";
import { microTasks } from "./tasks.ts";

describe("microTasks", () => {
  it.each(microTasks())("$name can be run twice", ({ operations, run }) => {
    expect(operations).toBeGreaterThan(0);
    const results = [run(), run()];
    for (const result of results) expect(Number.isFinite(result)).toBe(true);
  });

  it("processes all 256 records of a frame", () => {
    const taken = microTasks().find(({ name }) => name.includes("take a message"));
    expect(taken?.run()).toBe(256 * 1024);
    const read = microTasks().find(({ name }) => name.includes("read a store"));
    expect(read?.run()).toBe(256 * (16 + 1 + 1024));
  });
});

import { describe, expect, it } from "vitest";
import { lines, progressLine } from "./progress.ts";

describe("progressLine", () => {
  it("shows how much is done, how long the rest takes, and what goes on", () => {
    expect(progressLine(10, 40, 60, "lmdb: store")).toBe(
      "███████░░░░░░░░░░░░░░░░░░░░░ 10 of 40  3 min 0 s left  lmdb: store",
    );
    expect(progressLine(39, 40, 78, "lmdb: store")).toContain("39 of 40  2 s left");
  });

  it("promises nothing at the beginning, and has nothing left at the end", () => {
    expect(progressLine(0, 40, 5, "a")).toBe(`${"░".repeat(28)} 0 of 40  a`);
    expect(progressLine(40, 40, 5, "")).toBe(`${"█".repeat(28)} 40 of 40`);
  });
});

describe("lines", () => {
  it("says at once what begins, and then how far it is now and then", () => {
    let now = 0;
    const said: string[] = [];
    const progress = lines(
      (line) => said.push(line),
      10,
      () => now,
    );
    progress.step(0, "a");
    now = 9_999;
    progress.step(1, "b");
    progress.say("failed: b");
    now = 10_000;
    progress.step(2, "c");
    progress.stop();
    expect(said).toEqual([
      expect.stringContaining("0 of 10  a"),
      "failed: b",
      expect.stringContaining("2 of 10  40 s left  c"),
    ]);
  });
});

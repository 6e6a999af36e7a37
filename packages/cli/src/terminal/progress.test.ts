import { PassThrough } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { ProgressBar, ProgressLines, startProgress } from "./progress.ts";
import { progressLine } from "./progress-line.ts";

describe("progressLine", () => {
  it("shows the part done, the rate and the time left", () => {
    expect(progressLine({ title: "storing", total: 200, unit: "messages" }, 50, 10)).toBe(
      "███████░░░░░░░░░░░░░░░░░░░░░   25 %  50 of 200  5/s  30 s left  storing",
    );
    expect(progressLine({ title: "storing", total: 400, unit: "messages" }, 40, 60)).toContain("  9 min 0 s left");
  });

  it("shows count and rate alone where the total is not known", () => {
    expect(progressLine({ title: "reading", total: null, unit: "bytes" }, 4096, 2)).toBe("4 KiB  2 KiB/s  reading");
  });

  it("shows no rate of runs", () => {
    expect(progressLine({ title: "lmdb: store", total: 40, unit: "runs" }, 10, 60)).toMatch(
      / 25 % {2}10 of 40 {2}3 min 0 s left {2}lmdb: store$/,
    );
  });

  it("shows no time left at the start, nor at the end", () => {
    expect(progressLine({ title: "a", total: 40, unit: "runs" }, 0, 5)).toBe(`${"░".repeat(28)}    0 %  0 of 40  a`);
    expect(progressLine({ title: "", total: 40, unit: "runs" }, 40, 5)).toBe(`${"█".repeat(28)}  100 %  40 of 40`);
  });

  it("is full where there is nothing to do", () => {
    expect(progressLine({ title: "none", total: 0, unit: "messages" }, 0, 0)).toContain("100 %");
  });
});

describe("ProgressLines", () => {
  it("writes a line every ten seconds, and nothing for work that ends sooner", () => {
    let now = 0;
    const lines: string[] = [];
    const options = { title: "reading", total: null, unit: "messages" } as const;
    const progress = new ProgressLines(
      (line) => lines.push(line),
      options,
      () => now,
    );
    progress.add(10);
    now = 9_999;
    progress.add(10);
    expect(lines).toEqual([]);
    now = 10_000;
    progress.add(20);
    progress.add(1);
    expect(lines).toEqual(["40  4/s  reading"]);
    progress.stop();
  });

  it("announces the start and the end where it is asked to", () => {
    let now = 0;
    const lines: string[] = [];
    const options = { title: "", total: 10, unit: "runs", announce: true } as const;
    const progress = new ProgressLines(
      (line) => lines.push(line),
      options,
      () => now,
    );
    progress.set(0, "a");
    now = 9_999;
    progress.set(1, "b");
    progress.say("failed: b");
    now = 10_000;
    progress.set(2, "c");
    now = 11_000;
    progress.set(10, "");
    progress.stop();
    expect(lines).toEqual([
      expect.stringMatching(/ 0 of 10 {2}a$/),
      "failed: b",
      expect.stringMatching(/ 2 of 10 {2}40 s left {2}c$/),
      expect.stringMatching(/ 10 of 10$/),
    ]);
  });
});

/** A terminal of `columns` that keeps what is written to it. */
function terminalOf(columns: number) {
  return Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true, columns });
}

describe("ProgressBar", () => {
  it("stays on one line, no longer than the terminal is wide, below the lines that are written meanwhile", () => {
    const terminal = terminalOf(50);
    const bar = new ProgressBar(terminal, { title: "storing", total: 4, unit: "messages" });
    onTestFinished(() => bar.stop());
    bar.add(1);
    bar.say("a warning");
    bar.set(4, "storing");
    bar.stop();
    bar.say("the summary");
    const rows = (terminal.read() as string).split("\n");
    const drawn = rows.map((row) => row.split("\r\x1b[K").at(-1));
    expect(drawn).toEqual(["a warning", expect.stringMatching(/^█{28} {2}100 % {2}4 of 4/), "the summary", ""]);
    for (const part of rows.flatMap((row) => row.split("\r\x1b[K"))) expect(part.length).toBeLessThan(50);
  });

  it("is what a terminal gets, and a stream that is none gets lines", () => {
    const options = { title: "storing", total: 4, unit: "messages" } as const;
    const bar = startProgress(terminalOf(80), options);
    bar.stop();
    expect(bar).toBeInstanceOf(ProgressBar);
    expect(startProgress(new PassThrough(), options)).toBeInstanceOf(ProgressLines);
  });
});

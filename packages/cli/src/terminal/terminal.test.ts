import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { OutputClosedError } from "../errors.ts";
import { formatBytes, formatMs, formatPercent, formatSeconds, plural } from "./format.ts";
import { Output } from "./output.ts";
import { Reporter } from "./reporter.ts";
import { renderTable } from "./table.ts";

describe("numbers as text", () => {
  it.each([
    [formatBytes(0), "0 B"],
    [formatBytes(1023), "1023 B"],
    [formatBytes(1024), "1 KiB"],
    [formatBytes(1536), "1.5 KiB"],
    [formatBytes(300 * 1024 ** 2), "300 MiB"],
    [formatMs(0.1234), "0.12 ms"],
    [formatMs(12.34), "12.3 ms"],
    [formatMs(432.1), "432 ms"],
    [formatMs(2500), "2.5 s"],
    [formatSeconds(75), "1 min 15 s"],
    [formatSeconds(3 * 3600 + 120), "3 h 2 min"],
    [formatSeconds(50 * 3600), "2 d 2 h"],
    [formatPercent(1, 8), "12.5 %"],
    [formatPercent(0, 0), "0.0 %"],
    [plural(1, "message"), "1 message"],
    [plural(20_000, "message"), "20,000 messages"],
  ])("%s", (shown, expected) => expect(shown).toBe(expected));
});

describe("renderTable", () => {
  it("aligns columns and leaves no spaces at line ends", () => {
    expect(
      renderTable(
        [
          ["a", "bb", ""],
          ["ccc", "d", "e"],
        ],
        ["left", "right", "left"],
      ),
    ).toBe("a    bb\nccc   d  e");
  });
});

describe("Output", () => {
  it("rejects every write after the reader has closed the pipe", async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
    });
    const out = new Output(stream);
    await expect(out.bytes(Buffer.from("x"))).rejects.toBeInstanceOf(OutputClosedError);
    await expect(out.bytes(Buffer.from("y"))).rejects.toBeInstanceOf(OutputClosedError);
  });

  it("waits for a slow reader", async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const out = new Output(stream);
    let written = false;
    const writing = out
      .bytes(Buffer.alloc(100))
      .then(() => out.bytes(Buffer.alloc(100)))
      .then(() => {
        written = true;
      });
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(false);
    stream.resume();
    await writing;
  });
});

describe("Reporter", () => {
  function linesOf(options: { json: boolean; debug?: boolean }, use: (reporter: Reporter) => void): string[] {
    const stream = new PassThrough();
    use(new Reporter(stream, { quiet: false, debug: false, ...options }));
    return (stream.read() as Buffer | null)?.toString().trimEnd().split("\n") ?? [];
  }

  it("prints an error with line breaks as one line", () => {
    expect(linesOf({ json: false }, (reporter) => reporter.error(new Error("one\n  two"), "a.eml"))).toEqual([
      "rockspool: a.eml: one two",
    ]);
  });

  it("prints an error as one line of JSON, with its code and subject", () => {
    const error = Object.assign(new Error("gone"), { code: "ENOENT" });
    const [line] = linesOf({ json: true }, (reporter) => reporter.error(error, "a.eml"));
    expect(JSON.parse(line as string)).toEqual({ error: { code: "ENOENT", message: "gone", subject: "a.eml" } });
  });

  it("prints stacks, and those of causes, only with --debug", () => {
    const error = new Error("outer", { cause: new Error("inner") });
    expect(linesOf({ json: false }, (reporter) => reporter.error(error))).toHaveLength(1);
    expect(linesOf({ json: false, debug: true }, (reporter) => reporter.error(error)).join("\n")).toMatch(
      /caused by Error: inner/,
    );
  });

  it("prints warnings of the spool, with bigints and errors in their fields", () => {
    const [line] = linesOf({ json: true }, ({ logger }) => logger.warn({ from: 5n, error: new Error("x") }, "lost"));
    expect(JSON.parse(line as string)).toEqual({
      log: { level: "warning", message: "lost", from: "5", error: { code: "FAILED", message: "x" } },
    });
    expect(linesOf({ json: false }, ({ logger }) => logger.info({}, "all well"))).toEqual([]);
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../test/temporary-directory.ts";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const EXIT_INTERRUPTED = 130;

/** A benchmark of the series with `only` in their name, in directories of the test. */
class Benchmark {
  readonly directory = temporaryDirectory();
  readonly report = join(temporaryDirectory(), "report");
  readonly process: ChildProcess;
  readonly exit: Promise<number | null>;
  stderr = "";

  constructor(only: string) {
    const args = [MAIN, "--quick", "--only", only, "--directory", this.directory, "--report", this.report];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.exit = new Promise((resolve) => child.on("close", resolve));
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await this.exit;
    });
  }

  /** Its child processes. */
  get children(): number[] {
    const { pid } = this.process;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the benchmark", () => {
  it("measures, writes its report, and leaves no directory", async () => {
    const benchmark = new Benchmark("rockspool: store, 64");
    expect([await benchmark.exit, benchmark.stderr]).toEqual([0, expect.stringContaining("2 of 2")]);
    expect(readdirSync(benchmark.directory)).toEqual([]);
    const results = JSON.parse(readFileSync(join(benchmark.report, "results.json"), "utf8"));
    expect(results.series.map(({ id, runs }: { id: string; runs: unknown[] }) => [id, runs.length])).toEqual([
      ["rockspool: store, 64 in flight", 2],
    ]);
    expect(readFileSync(join(benchmark.report, "report.md"), "utf8")).toContain("| rockspool: store, 64 in flight |");
  });

  it.each([
    [["--only", "no such thing"], 'nothing has "no such thing" in its name'],
    [["--from", "/no/such/file"], "/no/such/file cannot be read"],
    [["--fast"], "usage: npm run bench"],
  ])("rejects %j with a message and no stack, and measures nothing", async (args, message) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(stderr).not.toContain("    at ");
  });

  it.skipIf(process.platform !== "linux").each(["SIGINT", "SIGTERM"] as const)(
    "ends its processes and leaves no directory when %s interrupts a run",
    async (signal) => {
      const benchmark = new Benchmark("rockspool: store, 2048");
      await expect.poll(() => benchmark.stderr, { timeout: 60_000 }).toContain("0 of");
      await expect.poll(() => benchmark.children.length, { timeout: 20_000 }).toBe(1);
      const [pid] = benchmark.children as [number];
      expect(readdirSync(benchmark.directory)).toHaveLength(1);
      benchmark.process.kill(signal);
      expect([await benchmark.exit, benchmark.stderr]).toEqual([
        EXIT_INTERRUPTED,
        expect.stringContaining(`interrupted by ${signal}`),
      ]);
      expect(isAlive(pid)).toBe(false);
      expect(readdirSync(benchmark.directory)).toEqual([]);
    },
  );
});

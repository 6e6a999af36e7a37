import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { rockspoolProcess } from "../test/rockspool-process.ts";
import { useFolder } from "../test/use-folder.ts";

const path = useFolder();
const ABSENT = "5f0b2e80d9a811f0a1b2c3d4e5f60708";

describe("the process", () => {
  it("prints its package's version", async () => {
    const manifest = readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8");
    const { code, stdout, stderr } = await rockspoolProcess(["--version"]);
    expect([code, stdout.toString(), stderr]).toEqual([0, `${JSON.parse(manifest).version}\n`, ""]);
  });

  it("prints its help on stderr, and exits with 2, where it is given no command", async () => {
    const { code, stdout, stderr } = await rockspoolProcess([]);
    expect([code, stdout.toString()]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: rockspool");
  });

  it("reads stdin, writes stdout, and exits with 0 where all is done", async () => {
    const data = Uint8Array.from({ length: 3000 }, (_, i) => i % 256);
    const stored = await rockspoolProcess(["put", path("spool"), "--id", ABSENT], data);
    expect([stored.code, stored.stdout.toString()]).toEqual([0, `${ABSENT} written\n`]);
    const { code, stdout, stderr } = await rockspoolProcess(["get", path("spool"), ABSENT]);
    expect([code, stdout.equals(data), stderr]).toEqual([0, true, ""]);
  });

  it.each([
    [1, "what failed", () => ["import", path("spool"), path("missing.mbox")]],
    [2, "wrong usage", () => ["import", path("spool")]],
    [3, "no spool", () => ["stats", path("spool")]],
  ] as const)("exits with %i for %s", async (code, _what, args) => {
    const finished = await rockspoolProcess(args());
    expect(finished.code).toBe(code);
    expect(finished.stderr).toMatch(/^rockspool: /);
  });
});

/** Prints, when the process ends, what it was given and how many threads it has. */
const PRINT_THREADS = `
process.on("exit", () => {
  const threads = require("fs").readdirSync("/proc/self/task").length;
  require("fs").writeSync(2, JSON.stringify({ size: process.env.UV_THREADPOOL_SIZE, threads }));
});`;

describe.skipIf(process.platform !== "linux")("libuv's thread pool", () => {
  async function poolOf(size: string | undefined): Promise<{ size: string; threads: number }> {
    await writeFile(path("print-threads.cjs"), PRINT_THREADS);
    const env = { UV_THREADPOOL_SIZE: size, NODE_OPTIONS: `--require ${path("print-threads.cjs")}` };
    return JSON.parse((await rockspoolProcess(["--version"], "", env)).stderr);
  }

  it("has 28 threads, or as many as UV_THREADPOOL_SIZE says", async () => {
    const [usual, one] = [await poolOf(undefined), await poolOf("1")];
    expect([usual.size, one.size]).toEqual(["28", "1"]);
    // Set too late, the variable would be there and libuv would have its default of 4 threads.
    expect(usual.threads - one.threads).toBe(27);
  });
});

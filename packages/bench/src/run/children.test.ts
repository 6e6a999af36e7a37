import { existsSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
// The built module: it starts its processes from the file beside it.
import { Children } from "../../dist/run/children.js";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { DEFAULT_SPEC, type RunSpec } from "./run-spec.ts";

const SHORT: RunSpec = { ...DEFAULT_SPEC, shards: 1, seconds: 0.2, warmupSeconds: 0.05, messages: 2_000 };

function children(): Children {
  const all = new Children();
  onTestFinished(() => all.end());
  return all;
}

describe("Children", () => {
  it("measures a run in its own process, with all fields of the result", async () => {
    const result = await children().run(SHORT, temporaryDirectory());
    expect(result?.perSecond).toBeGreaterThan(0);
    expect(result?.latency?.p50).toBeGreaterThan(0);
    expect(result?.latency?.worst).toBeGreaterThanOrEqual(result?.latency?.p999 as number);
    expect(result?.cpuSecondsPerMillion).toBeGreaterThan(0);
    expect(result?.peakRssBytes).toBeGreaterThan(10_000_000);
    expect(result?.loopDelay?.worst).toBeGreaterThanOrEqual(result?.loopDelay?.p99 as number);
    // Each message is written to a log and to a table.
    if (process.platform === "linux") expect(result?.writtenPerByte).toBeGreaterThan(1);
  });

  it("runs an open loop", async () => {
    const spec: RunSpec = {
      ...SHORT,
      peer: "rocksdb-native",
      arrival: { kind: "open", ratePerSecond: 1000 },
      seconds: 0.3,
    };
    const result = await children().run(spec, temporaryDirectory());
    expect(result?.latency?.count).toBeGreaterThan(200);
    expect(result?.latency?.count).toBeLessThanOrEqual(350);
  });

  it("makes a fixture that other processes load, enumerate and open", async () => {
    const directory = temporaryDirectory();
    const all = children();
    const made = await all.run({ ...SHORT, workload: "populate", seconds: null, warmupSeconds: 0 }, directory);
    expect(made?.operations).toBe(2_000);
    for (const workload of ["load", "enumerate", "open"] as const) {
      const result = await all.run({ ...SHORT, workload }, directory);
      expect([workload, (result?.operations ?? 0) > 0]).toEqual([workload, true]);
    }
  });

  it.each(["recent", "remove", "life-cycle", "churn"] as const)("does the workload %s", async (workload) => {
    const warmupSeconds = workload === "remove" ? 0 : SHORT.warmupSeconds;
    const result = await children().run({ ...SHORT, peer: "lmdb", workload, warmupSeconds }, temporaryDirectory());
    expect(result?.operations).toBeGreaterThan(0);
  });

  it("rejects with the error of the run", async () => {
    const run = children().run({ ...SHORT, peer: "rocksdb-native", synced: true }, temporaryDirectory());
    await expect(run).rejects.toThrow("rocksdb-native cannot sync");
  });

  it("rejects with the exit code and stderr of a program that fails", async () => {
    const all = children();
    expect(await all.program(process.execPath, ["-p", "6 * 7"])).toBe("42\n");
    const failing = all.program(process.execPath, ["-e", "console.error('no luck'); process.exit(3)"]);
    await expect(failing).rejects.toThrow(/code 3.*no luck/);
    await expect(all.program("/no/such/program", [])).rejects.toThrow("ENOENT");
  });

  it("kills the running process, and any that is started later", async () => {
    const directory = temporaryDirectory();
    const all = children();
    const endless = "require('fs').writeFileSync('begun', ''); setInterval(() => {}, 1000)";
    const running = all.program(process.execPath, ["-e", endless], directory);
    const ended = expect(running).rejects.toThrow("signal SIGKILL");
    await expect.poll(() => existsSync(`${directory}/begun`), { timeout: 20_000 }).toBe(true);
    await all.end();
    await ended;
    await expect(all.program(process.execPath, ["-e", endless])).rejects.toThrow("signal SIGKILL");
  });
});

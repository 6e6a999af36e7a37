import { engineUrls } from "@rockspool/worker";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DATA, end, idOn, type Line, loggerTo, makeDirectory, openObserved } from "../../test/observed-spool.ts";
import { realEnvironment } from "../environment.ts";
import { openSpoolIn } from "../open-spool.ts";

const accepted = "stores and removes are accepted again";
const containing = (text: string): unknown => expect.stringContaining(text);

describe("the log of the monitor", () => {
  it("has a line for errors that grow, for their latch, and for the proof that ends it", async () => {
    const { spool, faults, shardPath, lines } = await openObserved();
    // A proof waits for the thread's first tick. A tick that starts during that one would take no sample.
    await spool.unlatch(0);
    lines.length = 0;
    const path = shardPath(0);
    faults.shard(0).reportBackgroundErrors(2);
    faults.shard(0).fail("write", { kind: "busy", times: 1 });
    await end(spool.store(idOn(0), DATA));
    await faults.clock.advance("5 seconds");
    const grew = (kind: string, to: number, what: string): unknown => ({
      level: "error",
      fields: { shard: 0, path, kind, from: 0, to },
      message: containing(`rocksdb at ${path}: ${what} error count increased from 0 to ${to}; `),
    });
    const growth = [grew("background", 2, "background"), grew("foreground", 1, "foreground spool")];
    expect(lines).toStrictEqual(growth);
    await faults.clock.advance("20 seconds");
    const latch = {
      level: "error",
      fields: { shard: 0, path, kind: "errors", backgroundErrors: 2, foregroundErrors: 1 },
      message: containing("gate latched after errors for 15 s: 2 in the background, 1 in the foreground"),
    };
    expect(lines).toStrictEqual([...growth, latch]);
    await faults.clock.advance("6 minutes");
    const cleared = {
      level: "info",
      fields: { shard: 0, path, kind: "proof", backgroundErrors: expect.any(Number) },
      message: `rocksdb at ${path}: load-shedding gate cleared: it has proved that it works; ${accepted}`,
    };
    expect(lines).toStrictEqual([...growth, latch, cleared]);
  });

  it("has one line for a latch by the operator, and one for an unlatch", async () => {
    const { spool, shardPath, lines } = await openObserved();
    lines.length = 0;
    await spool.latch(1, "the disk is to be changed");
    await spool.latch(1, "a second time");
    await spool.unlatch(1, { force: true });
    const [path, shard] = [shardPath(1), 1];
    expect(lines).toStrictEqual([
      {
        level: "warn",
        fields: { shard, path, kind: "operator" },
        message: `rocksdb at ${path}: load-shedding gate latched by the operator: the disk is to be changed`,
      },
      {
        level: "info",
        fields: { shard, path, kind: "force", backgroundErrors: 0 },
        message: `rocksdb at ${path}: load-shedding gate cleared: by force; ${accepted}`,
      },
    ]);
  });

  it("has one line for a thread that hangs, with how long it has hung", async () => {
    const { faults, shardPath, lines } = await openObserved();
    const hang = faults.shard(0).hang();
    await hang.reached();
    lines.length = 0;
    await faults.clock.advance("1 minute");
    hang.release();
    const [path, shard] = [shardPath(0), 0];
    const found = lines.filter(({ message }) => message.includes("has not answered"));
    expect(found).toStrictEqual([
      {
        level: "error",
        fields: { shard, path, kind: "hang", silentMs: expect.any(Number) },
        message: containing(`rocksdb at ${path}: load-shedding gate latched: its thread has not answered for `),
      },
    ]);
    const { silentMs } = (found[0] as Line).fields as { silentMs: number };
    // Three ticks of 5 s, and the real time that passed meanwhile.
    expect(silentMs).toBeGreaterThanOrEqual(10_000);
    expect(silentMs).toBeLessThan(60_000);
  });
});

describe("the log of the spool", () => {
  it("has one line when the storage becomes full, and one when it has room again", async () => {
    const { faults, path, lines } = await openObserved();
    lines.length = 0;
    for (let times = 0; times < 2; times++) await faults.disk.fill();
    for (let times = 0; times < 2; times++) await faults.disk.free();
    const freeInodes = expect.toSatisfy((free: unknown) => free === null || typeof free === "number");
    expect(lines).toStrictEqual([
      {
        level: "error",
        fields: { path, freeBytes: 0, freeInodes },
        message: "the spool storage is too full: stores are refused",
      },
      {
        level: "info",
        fields: { path, freeBytes: expect.toSatisfy((free: number) => free > 0), freeInodes },
        message: "the spool storage has room again: stores are accepted",
      },
    ]);
  });

  it("has one line when statfs fails, and the next one only after it has succeeded", async () => {
    const path = await makeDirectory();
    const lines: Line[] = [];
    let broken = true;
    const statfs: typeof realEnvironment.statfs = (path) =>
      broken ? Promise.reject(new Error("stale handle")) : realEnvironment.statfs(path);
    const options = { path, shards: 1, logger: loggerTo(lines), registry: new Registry(), monitorInterval: "1 hour" };
    const spool = await openSpoolIn({ engine: engineUrls.memory, statfs }, options);
    onTestFinished(() => spool.shutdown());
    await spool.monitor.checkStorage();
    const failed = {
      level: "warn",
      fields: { path, err: new Error("stale handle") },
      message: "the free space of the spool's storage cannot be read: stale handle",
    };
    const found = (): Line[] => lines.filter(({ fields }) => !("shard" in fields));
    expect(found()).toStrictEqual([failed]);
    broken = false;
    await spool.monitor.checkStorage();
    broken = true;
    await spool.monitor.checkStorage();
    expect(found()).toStrictEqual([failed, failed]);
  });

  it.each([
    { poolThreads: 1, warned: true },
    { poolThreads: 2, warned: false },
  ])(
    "warns if there are more shards than threads in libuv's pool: 2 shards, $poolThreads threads",
    async ({ poolThreads, warned }) => {
      vi.stubEnv("UV_THREADPOOL_SIZE", String(poolThreads));
      onTestFinished(() => void vi.unstubAllEnvs());
      const { lines } = await openObserved();
      expect(lines.filter(({ level }) => level === "warn")).toStrictEqual(
        warned
          ? [{ level: "warn", fields: { shards: 2, poolThreads }, message: containing("set UV_THREADPOOL_SIZE") }]
          : [],
      );
    },
  );
});

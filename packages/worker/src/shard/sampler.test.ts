import { createStatusMemory, SAMPLE_FIELDS, ShardStatus } from "@rockspool/core";
import { describe, expect, it, vi } from "vitest";
import { FakeEngine } from "../../test/fake-engine.ts";
import { Sampler } from "./sampler.ts";

const FIELDS = { shard: 3, path: "/spool/shard-003" };

function makeSampler() {
  const engine = new FakeEngine();
  const log = vi.fn<ConstructorParameters<typeof Sampler>[2]>();
  return { engine, log, sampler: new Sampler(engine, FIELDS, log), status: new ShardStatus(createStatusMemory(1), 0) };
}

describe("the sampler", () => {
  it("reads each field from its own property of RocksDB, and logs nothing", async () => {
    const { engine, log, sampler, status } = makeSampler();
    const properties = [
      "size-all-mem-tables",
      "cur-size-all-mem-tables",
      "estimate-table-readers-mem",
      "block-cache-usage",
      "background-errors",
      "is-write-stopped",
      "num-running-compactions",
      "compaction-pending",
      "estimate-pending-compaction-bytes",
      "actual-delayed-write-rate",
    ];
    for (const [i, property] of properties.entries()) engine.properties.set(property, i + 1);
    await sampler.sample(status);
    expect(Object.values(status.readSample())).toEqual(SAMPLE_FIELDS.map((_, i) => i + 1));
    expect(log).not.toHaveBeenCalled();
  });

  it("adds up the memory that can be released: memtables, table readers and the cache", async () => {
    const { engine, log, sampler } = makeSampler();
    engine.properties.set("size-all-mem-tables", 1000).set("cur-size-all-mem-tables", 700);
    engine.properties.set("estimate-table-readers-mem", 20).set("block-cache-usage", 3);
    expect(await sampler.memoryBytes("pre-flush")).toBe(1023);
    const stats = { memTableTotal: 1000, memTableUnflushed: 700, memTableReadersTotal: 20, cacheTotal: 3 };
    const message = "rocksdb at /spool/shard-003: pre-flush: 1023 bytes in memory";
    expect(log.mock.calls).toStrictEqual([["debug", { ...FIELDS, ...stats }, message]]);
  });

  it("logs a failed read, keeps the last sample, and counts 0 bytes", async () => {
    const { engine, log, sampler, status } = makeSampler();
    engine.properties.set("background-errors", 4);
    await sampler.sample(status);
    const error = new Error("it is closed");
    vi.spyOn(engine, "property").mockRejectedValue(error);
    await sampler.sample(status);
    expect(await sampler.memoryBytes("post-flush")).toBe(0);
    expect(status.readSample().backgroundErrors).toBe(4);
    expect([status.gate.latched, status.gate.foregroundErrors]).toEqual([false, 0]);
    const line = ["error", { ...FIELDS, err: error }, "rocksdb at /spool/shard-003: error getting stats: it is closed"];
    expect(log.mock.calls).toStrictEqual([line, line]);
  });
});

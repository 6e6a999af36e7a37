import { describe, expect, it } from "vitest";
import { type DbBenchSpec, dbBenchArgs } from "./db-bench-spec.ts";

const SPEC: DbBenchSpec = {
  benchmark: "fillrandom",
  threads: 4,
  batch: 128,
  seconds: 2,
  messages: 5000,
  valueBytes: 1024,
};

describe("dbBenchArgs", () => {
  it("writes for the given time into a new database, with the options of a shard", () => {
    const args = dbBenchArgs(SPEC, "/data/x");
    expect(args).toEqual(
      expect.arrayContaining([
        "--benchmarks=fillrandom",
        "--db=/data/x",
        "--threads=4",
        "--batch_size=128",
        "--num=5000",
        "--value_size=1024",
        "--duration=2",
        "--use_existing_db=false",
        "--compression_type=none",
        "--key_size=16",
        "--write_buffer_size=67108864",
      ]),
    );
  });

  it("reads an existing database, and all of it where it reads in order", () => {
    expect(dbBenchArgs({ ...SPEC, benchmark: "readseq" }, "/data/x")).toEqual(
      expect.arrayContaining(["--benchmarks=readseq,readseq", "--use_existing_db=true", "--duration=0"]),
    );
    expect(dbBenchArgs({ ...SPEC, benchmark: "multireadrandom" }, "/data/x")).toEqual(
      expect.arrayContaining(["--use_existing_db=true", "--duration=2"]),
    );
  });

  it("reads the clock more often where an operation is a sync", () => {
    expect(dbBenchArgs({ ...SPEC, benchmark: "fillsync", threads: 64 }, "/data/x")).toContain(
      "--ops_between_duration_checks=10",
    );
  });
});

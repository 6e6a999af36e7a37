import { describe, expect, it } from "vitest";
import { parseDbBench, parseDbBenchVersion } from "./parse-db-bench.ts";

/** Output of db_bench 7.8.3, without most of its progress reports. */
const OUTPUT = `... finished 128 ops                              ... finished 90112 ops                              Set seed to 1795644920568310 because --seed was 0
Initializing RocksDB Options from the specified file
Integrated BlobDB: blob cache disabled
Keys:       16 bytes each (+ 0 bytes user-defined timestamp)
Values:     1024 bytes each (512 bytes after compression)
Entries:    100000
RawSize:    99.2 MB (estimated)
Write rate: 0 bytes/second
Compression: NoCompression
Perf Level: 1
WARNING: Assertions are enabled; benchmarks unnecessarily slow
------------------------------------------------
DB path: [/tmp/x]
fillrandom   :       4.279 micros/op 233655 ops/sec 0.428 seconds 99968 operations;  231.7 MB/s
entries_per_batch = 64
DB path: [/tmp/x]
multireadrandom :       9.689 micros/op 195604 ops/sec 0.511 seconds 99968 operations;  167.6 MB/s (43256 of 49984 found)
DB path: [/tmp/x]
readseq      :       1.618 micros/op 1077620 ops/sec 0.080 seconds 86534 operations; 1068.8 MB/s
DB path: [/tmp/x]
fillsync     :     481.949 micros/op 8156 ops/sec 0.490 seconds 4000 operations;    8.1 MB/s (1 ops)
compact      : 4051906.000 micros/op 0 ops/sec 4.060 seconds 1 operations;
`;

describe("parseDbBench", () => {
  it.each([
    ["fillrandom", 4.279, 233_655, 0.428, 99_968],
    ["multireadrandom", 9.689, 195_604, 0.511, 99_968],
    ["readseq", 1.618, 1_077_620, 0.08, 86_534],
    ["fillsync", 481.949, 8_156, 0.49, 4_000],
    ["compact", 4_051_906, 0, 4.06, 1],
  ])("reads the result of %s", (benchmark, microsPerOperation, perSecond, seconds, operations) => {
    expect(parseDbBench(OUTPUT, benchmark)).toEqual({ microsPerOperation, perSecond, seconds, operations });
  });

  it("reads the last of two runs: the first is the warm-up", () => {
    const [first, last] = ["8.000 micros/op 125000", "4.000 micros/op 250000"].map(
      (rate) => `readseq      :       ${rate} ops/sec 1.000 seconds 1000 operations;  1.0 MB/s`,
    );
    expect(parseDbBench(`${first}\n${last}\n`, "readseq").perSecond).toBe(250_000);
  });

  it("throws with the output if a benchmark has no result", () => {
    expect(() => parseDbBench("unknown flag: --batch", "fillrandom")).toThrow("no result of fillrandom: unknown flag");
    expect(() => parseDbBench(OUTPUT, "fillseq")).toThrow("no result of fillseq");
  });
});

describe("parseDbBenchVersion", () => {
  it("reads the output of `db_bench --version`", () => {
    expect(parseDbBenchVersion("db_bench version 7.8.3\n")).toBe("7.8.3");
    expect(parseDbBenchVersion("something else")).toBeNull();
  });
});

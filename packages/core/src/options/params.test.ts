import { describe, expect, it } from "vitest";
import { DEFAULT_PARAMS } from "../../test/default-params.ts";
import { refusalOf } from "../../test/refusal.ts";
import { resolveOptions } from "./options.ts";
import type { ResolvedParams, RocksSpoolParams } from "./params.ts";

const withZstd = { zstdAvailable: true };
const withoutZstd = { zstdAvailable: false };

function resolved(params: RocksSpoolParams | undefined, environment = withZstd): ResolvedParams {
  return resolveOptions({ path: "./data", params }, environment).params;
}

it.each([[undefined], [{}]])("params of %j are KumoMTA's defaults", (params) => {
  expect(resolved(params, withoutZstd)).toStrictEqual(DEFAULT_PARAMS);
});

it("a param given as undefined counts as left out", () => {
  const unset = Object.fromEntries(Object.keys(DEFAULT_PARAMS).map((name) => [name, undefined]));
  expect(resolved(unset, withoutZstd)).toStrictEqual(DEFAULT_PARAMS);
});

describe("what is accepted", () => {
  it.each<RocksSpoolParams>([
    { increaseParallelism: 1 },
    { increaseParallelism: 64 },
    { paranoidChecks: true },
    { paranoidChecks: false },
    { compressionType: "none" },
    { compressionType: "snappy" },
    { compressionType: "lz4" },
    { compressionType: "zlib" },
    { compressionType: "zstd" },
    { levelCompactionDynamicLevelBytes: true },
    { levelCompactionDynamicLevelBytes: false },
    { maxOpenFiles: 20 },
    { maxOpenFiles: 1_048_576 },
    { writeBufferSize: 65_536 },
    { writeBufferSize: 4_294_967_296 },
    { level0StopWritesTrigger: 1 },
    { level0StopWritesTrigger: 36 },
    { logLevel: "info" },
    { limitConcurrentStores: 1 },
    { limitConcurrentLoads: 1_000_000 },
    { limitConcurrentRemoves: 7 },
    { allowErrorUnlatch: false },
    { compressionMinBytes: 0 },
    { compressionMinBytes: 1_073_741_824 },
  ])("%j unchanged, beside the defaults", (params) => {
    expect(resolved(params)).toStrictEqual({ ...DEFAULT_PARAMS, ...params });
  });

  it.each<[RocksSpoolParams, object]>([
    [{ storeDeadline: "1ms" }, { storeDeadline: 1 }],
    [{ storeDeadline: "1 day" }, { storeDeadline: 86_400_000 }],
    [{ storeDeadline: 250 }, { storeDeadline: 250 }],
    [{ errorLatchDuration: 0 }, { errorLatchDuration: 0 }],
    [{ errorLatchDuration: "15 seconds" }, { errorLatchDuration: 15_000 }],
    [{ errorUnlatchDuration: "1 year" }, { errorUnlatchDuration: 31_557_600_000 }],
    [{ logFileTimeToRoll: "1 day" }, { logFileTimeToRoll: 86_400_000 }],
    [{ obsoleteFilesPeriod: 21_600_000 }, { obsoleteFilesPeriod: 21_600_000 }],
  ])("%j in milliseconds", (params, expected) => {
    expect(resolved(params)).toStrictEqual({ ...DEFAULT_PARAMS, ...expected });
  });
});

const FLAG = "must be true or false";
const CONCURRENT = "must be an integer from 1 to 1000000";
const WRITE_BUFFER = "must be an integer number of bytes from 65536 to 4294967296 (64 KiB to 4 GiB)";
const MIN_BYTES = "must be an integer number of bytes from 0 to 1073741824 (0 bytes to 1 GiB)";
const LEVEL_0 = "must be an integer from 1 to 36: RocksDB itself stops at 36";
const AS_TEXT = `in milliseconds or as text such as "15s" or "5 minutes"`;
const STORE_DEADLINE = `must be a duration from 1 ms to 1 day, ${AS_TEXT}`;
const LATCH = `must be a duration from 0 ms to 1 day, ${AS_TEXT}`;
const UNLATCH = `must be a duration from 0 ms to 1 year, ${AS_TEXT}`;
const CODECS = `must be one of "snappy", "none", "lz4", "zlib", "zstd"`;
const LEVEL_STYLE = "cannot be set here: RocksDB runs level-style compaction already; use writeBufferSize";
const UNIVERSAL = "cannot be set here: only level-style compaction is possible";
const ROLL = `only "24 hours" is possible here: RocksDB starts a new log at each open`;
const OBSOLETE = `only "6 hours" is possible here: it is what RocksDB does`;

describe("what is refused, with field, value and what is allowed", () => {
  it.each<[field: string, value: unknown, shown: string, allowed: string]>([
    ["increaseParallelism", 0, "0", "must be an integer from 1 to 64"],
    ["increaseParallelism", 65, "65", "must be an integer from 1 to 64"],
    ["increaseParallelism", 1.5, "1.5", "must be an integer from 1 to 64"],
    ["increaseParallelism", "4", '"4"', "must be an integer from 1 to 64"],
    ["increaseParallelism", null, "null", "must be an integer from 1 to 64"],
    ["optimizeLevelStyleCompaction", 1_048_576, "1048576", LEVEL_STYLE],
    ["optimizeLevelStyleCompaction", null, "null", LEVEL_STYLE],
    ["optimizeUniversalStyleCompaction", 1_048_576, "1048576", UNIVERSAL],
    ["paranoidChecks", "yes", '"yes"', FLAG],
    ["paranoidChecks", 1, "1", FLAG],
    ["compressionType", "bz2", '"bz2"', CODECS],
    ["compressionType", "lz4hc", '"lz4hc"', CODECS],
    ["compressionType", "Snappy", '"Snappy"', CODECS],
    ["compressionType", "", '""', CODECS],
    ["compressionType", null, "null", CODECS],
    ["compactionReadaheadSize", 2_097_152, "2097152", "cannot be set here: compactions read ahead 2 MiB"],
    ["levelCompactionDynamicLevelBytes", "true", '"true"', FLAG],
    ["maxOpenFiles", 19, "19", "must be an integer from 20 to 1048576"],
    ["maxOpenFiles", -1, "-1", "must be an integer from 20 to 1048576"],
    ["maxOpenFiles", 1_048_577, "1048577", "must be an integer from 20 to 1048576"],
    ["writeBufferSize", 65_535, "65535", WRITE_BUFFER],
    ["writeBufferSize", 4_294_967_297, "4294967297", WRITE_BUFFER],
    ["writeBufferSize", Number.NaN, "NaN", WRITE_BUFFER],
    ["writeBufferSize", "64MB", '"64MB"', WRITE_BUFFER],
    ["level0StopWritesTrigger", 0, "0", LEVEL_0],
    ["level0StopWritesTrigger", 37, "37", LEVEL_0],
    ["logLevel", "debug", '"debug"', 'only "info" is possible here'],
    ["logLevel", "Info", '"Info"', 'only "info" is possible here'],
    ["memtableHugePageSize", 2_097_152, "2097152", "cannot be set here: memtables are not put in huge pages"],
    ["logFileTimeToRoll", "1 hour", '"1 hour"', ROLL],
    ["logFileTimeToRoll", 0, "0", ROLL],
    ["obsoleteFilesPeriod", "1 hour", '"1 hour"', OBSOLETE],
    ["limitConcurrentStores", 0, "0", CONCURRENT],
    ["limitConcurrentLoads", -1, "-1", CONCURRENT],
    ["limitConcurrentRemoves", 1_000_001, "1000001", CONCURRENT],
    ["limitConcurrentRemoves", Number.POSITIVE_INFINITY, "Infinity", CONCURRENT],
    ["storeDeadline", 0, "0", STORE_DEADLINE],
    ["storeDeadline", -1, "-1", STORE_DEADLINE],
    ["storeDeadline", "25 hours", '"25 hours"', STORE_DEADLINE],
    ["storeDeadline", "30", '"30"', STORE_DEADLINE],
    ["storeDeadline", "", '""', STORE_DEADLINE],
    ["storeDeadline", Number.NaN, "NaN", STORE_DEADLINE],
    ["storeDeadline", null, "null", STORE_DEADLINE],
    ["errorLatchDuration", "2 days", '"2 days"', LATCH],
    ["errorLatchDuration", "-1s", '"-1s"', LATCH],
    ["errorUnlatchDuration", "2 years", '"2 years"', UNLATCH],
    ["errorUnlatchDuration", {}, "{}", UNLATCH],
    ["allowErrorUnlatch", 0, "0", FLAG],
    ["compressionMinBytes", -1, "-1", MIN_BYTES],
    ["compressionMinBytes", "4096", '"4096"', MIN_BYTES],
    ["compressionMinBytes", 4_096n, "4096", MIN_BYTES],
    ["store_deadline", "30s", '"30s"', "there is no such option; did you mean storeDeadline?"],
    ["StoreDeadline", "30s", '"30s"', "there is no such option; did you mean storeDeadline?"],
    ["storeDedline", "30s", '"30s"', "there is no such option; did you mean storeDeadline?"],
    ["limitStores", 5, "5", "there is no such option"],
    ["shards", 5, "5", "there is no such option"],
  ])("%s: %s", (name, value, shown, allowed) => {
    const error = refusalOf({ path: "./data", params: { [name]: value } });
    expect(error.message).toBe(`params.${name} is ${shown}: ${allowed}`);
    expect(error.code).toBe("SPOOL_CONFIG");
    expect(error.field).toBe(`params.${name}`);
    expect(error.value).toBe(value);
    expect(error.allowed).toBe(allowed);
  });

  it.each<[unknown, string]>([
    [null, "params is null: must be an object"],
    [[], "params is []: must be an object"],
    ["snappy", 'params is "snappy": must be an object'],
  ])("params as a whole: %j", (params, message) => {
    expect(refusalOf({ path: "./data", params }).message).toBe(message);
  });

  it("zstd where Node has none", () => {
    expect(refusalOf({ path: "./data", params: { compressionType: "zstd" } }, withoutZstd).message).toBe(
      'params.compressionType is "zstd": must be one of "snappy", "none", "lz4", "zlib"; ' +
        '"zstd" needs a later Node (22.15, 23.8 or newer)',
    );
  });
});

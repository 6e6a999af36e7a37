import { describe, expect, expectTypeOf, it } from "vitest";
import { DEFAULT_PARAMS } from "../../test/default-params.ts";
import { refusalOf } from "../../test/refusal.ts";
import { silentLogger } from "../logger.ts";
import { type FreeLimit, resolveOptions, type SpoolOptions } from "./options.ts";
import type { ResolvedParams } from "./params.ts";

const environment = { zstdAvailable: true };
const path = "./data";

const DEFAULTS = {
  path,
  shards: null,
  flush: false,
  params: DEFAULT_PARAMS,
  registry: null,
  logger: null,
  monitorInterval: 5_000,
  maxPendingBytes: 67_108_864,
  minFreeSpace: { amount: 0 },
  minFreeInodes: { amount: 0 },
  shedWhen: "all",
  shutdownTimeout: 60_000,
};

it("a path is the only option that must be given", () => {
  expect(resolveOptions({ path }, environment)).toStrictEqual(DEFAULTS);
});

it("an option given as undefined counts as left out", () => {
  const unset = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, undefined]));
  expect(resolveOptions({ ...unset, path }, environment)).toStrictEqual(DEFAULTS);
});

it("registry and logger are passed on unchanged, also as instances of a class", () => {
  class Registry {
    registerMetric(_metric: never): void {}
  }
  const registry = new Registry();
  const options = resolveOptions({ path, registry, logger: silentLogger }, environment);
  expect(options.registry).toBe(registry);
  expect(options.logger).toBe(silentLogger);
});

it("the types refuse what the validation refuses", () => {
  expectTypeOf<{ path: string; params: { storeDeadline: "30s" } }>().toExtend<SpoolOptions>();
  expectTypeOf<{ path: string; params: { compressionType: "bz2" } }>().not.toExtend<SpoolOptions>();
  expectTypeOf<{ path: string; params: { logLevel: "debug" } }>().not.toExtend<SpoolOptions>();
  expectTypeOf<ResolvedParams["storeDeadline"]>().toEqualTypeOf<number>();
});

describe("what is accepted", () => {
  it.each<[Partial<SpoolOptions>, object]>([
    [{ shards: 1 }, { shards: 1 }],
    [{ shards: 256 }, { shards: 256 }],
    [{ flush: true }, { flush: true }],
    [{ params: { storeDeadline: "5s" } }, { params: { ...DEFAULTS.params, storeDeadline: 5_000 } }],
    [{ monitorInterval: "10ms" }, { monitorInterval: 10 }],
    [{ monitorInterval: "1 hour" }, { monitorInterval: 3_600_000 }],
    [{ maxPendingBytes: 65_536 }, { maxPendingBytes: 65_536 }],
    [{ maxPendingBytes: 1_073_741_824 }, { maxPendingBytes: 1_073_741_824 }],
    [{ minFreeSpace: "10%" }, { minFreeSpace: { percent: 10 } }],
    [{ minFreeSpace: "2.5 %" }, { minFreeSpace: { percent: 2.5 } }],
    [{ minFreeSpace: 1_000_000 }, { minFreeSpace: { amount: 1_000_000 } }],
    [{ minFreeInodes: "0%" }, { minFreeInodes: { percent: 0 } }],
    [{ minFreeInodes: "100%" }, { minFreeInodes: { percent: 100 } }],
    [{ minFreeInodes: 0 }, { minFreeInodes: { amount: 0 } satisfies FreeLimit }],
    [{ shedWhen: "any" }, { shedWhen: "any" }],
    [{ shutdownTimeout: "10ms" }, { shutdownTimeout: 10 }],
    [{ shutdownTimeout: "1 day" }, { shutdownTimeout: 86_400_000 }],
  ])("%j", (given, resolved) => {
    expect(resolveOptions({ path, ...given }, environment)).toStrictEqual({ ...DEFAULTS, ...resolved });
  });
});

const PATH = "must be the name of a directory: text that is not empty and has no NUL in it";
const SHARDS = "must be an integer from 1 to 256";
const LOGGER = "must be a logger such as pino's: an object with the methods debug, info, warn, error";
const REGISTRY = "must be a prom-client Registry: an object with the method registerMetric";
const INTERVAL = `must be a duration from 10 ms to 1 hour, in milliseconds or as text such as "15s" or "5 minutes"`;
const PENDING = "must be an integer number of bytes from 65536 to 1073741824 (64 KiB to 1 GiB)";
const SPACE = `must be a number of bytes, or a share from "0%" to "100%"; 0 is off`;
const INODES = `must be a number of inodes, or a share from "0%" to "100%"; 0 is off`;
const SHED = `must be "any" or "all"`;

describe("what is refused, with field, value and what is allowed", () => {
  it.each<[field: string, value: unknown, shown: string, allowed: string]>([
    ["path", undefined, "undefined", PATH],
    ["path", "", '""', PATH],
    ["path", "a\0b", '"a\\u0000b"', PATH],
    ["path", 5, "5", PATH],
    ["shards", 0, "0", SHARDS],
    ["shards", 257, "257", SHARDS],
    ["shards", 2.5, "2.5", SHARDS],
    ["shards", "4", '"4"', SHARDS],
    ["shards", null, "null", SHARDS],
    ["flush", "false", '"false"', "must be true or false"],
    ["params", null, "null", "must be an object"],
    ["params", [], "[]", "must be an object"],
    ["registry", {}, "{}", REGISTRY],
    ["registry", "default", '"default"', REGISTRY],
    ["logger", console.log, String(console.log), LOGGER],
    ["logger", { info: () => {} }, "{}", LOGGER],
    ["logger", null, "null", LOGGER],
    ["monitorInterval", 9, "9", INTERVAL],
    ["monitorInterval", "2 hours", '"2 hours"', INTERVAL],
    ["monitorInterval", "5", '"5"', INTERVAL],
    ["maxPendingBytes", 65_535, "65535", PENDING],
    ["maxPendingBytes", 17_179_869_185, "17179869185", PENDING],
    ["maxPendingBytes", "64MB", '"64MB"', PENDING],
    ["minFreeSpace", -1, "-1", SPACE],
    ["minFreeSpace", 0.5, "0.5", SPACE],
    ["minFreeSpace", "101%", '"101%"', SPACE],
    ["minFreeSpace", "-1%", '"-1%"', SPACE],
    ["minFreeSpace", "10", '"10"', SPACE],
    ["minFreeSpace", "%", '"%"', SPACE],
    ["minFreeSpace", Number.NaN, "NaN", SPACE],
    ["minFreeInodes", "10 GiB", '"10 GiB"', INODES],
    ["minFreeInodes", false, "false", INODES],
    ["shedWhen", "some", '"some"', SHED],
    ["shard", 4, "4", "there is no such option; did you mean shards?"],
    ["monitor_interval", "5s", '"5s"', "there is no such option; did you mean monitorInterval?"],
    ["storeDeadline", "5s", '"5s"', "there is no such option; did you mean params.storeDeadline?"],
    ["verbose", true, "true", "there is no such option"],
  ])("%s: %s", (name, value, shown, allowed) => {
    const error = refusalOf({ path, [name]: value });
    expect(error.message).toBe(`${name} is ${shown.slice(0, 100)}: ${allowed}`);
    expect(error.field).toBe(name);
    expect(error.value).toBe(value);
    expect(error.allowed).toBe(allowed);
  });

  it.each<[unknown, string]>([
    [undefined, "options is undefined: must be an object"],
    [null, "options is null: must be an object"],
    ["./data", 'options is "./data": must be an object'],
    [[], "options is []: must be an object"],
  ])("the options as a whole: %j", (options, message) => {
    expect(refusalOf(options).message).toBe(message);
  });

  it("a param, by its dotted name", () => {
    expect(refusalOf({ path, params: { logLevel: "debug" } }).message).toBe(
      'params.logLevel is "debug": only "info" is possible here',
    );
    expect(refusalOf({ path, params: { compression: "lz4" } }).field).toBe("params.compression");
  });

  it("the first of several wrong options", () => {
    expect(refusalOf({ path: "", shards: 0, nonsense: 1 }).field).toBe("path");
    expect(refusalOf({ path, params: { writeBufferSize: 1, storeDeadline: 0 } }).field).toBe("params.writeBufferSize");
  });
});

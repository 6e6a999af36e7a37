import { z } from "zod";
import { SpoolConfigError } from "../errors.ts";
import { type Duration, durationField, fixedDurationField } from "./duration.ts";
import { bytesField, countField, GIB, KIB } from "./size.ts";

/** How values are compressed, each by itself, in the shard's thread. */
export type CompressionType = "snappy" | "none" | "lz4" | "zlib" | "zstd";

/**
 * How a spool stores: the 21 parameters of KumoMTA's `RocksSpoolParams` with its defaults, and `compressionMinBytes`.
 * All count from `openSpool` on and are not kept on disk: another value may be given at the next open. What the engine
 * cannot honour is refused, never ignored; docs/parameters.md says what to use instead.
 */
export interface RocksSpoolParams {
  /** RocksDB's background jobs (flushes and compactions) a shard, 1 to 64. Default: RocksDB's adapter's, 6. */
  increaseParallelism?: number | undefined;
  /** Refused: RocksDB runs level-style compaction as it is; the memory it takes is `writeBufferSize`. */
  optimizeLevelStyleCompaction?: undefined;
  /** Refused: RocksDB runs level-style compaction only. */
  optimizeUniversalStyleCompaction?: undefined;
  /** Taken for compatibility: RocksDB's paranoid checks are always on here. Default: false. */
  paranoidChecks?: boolean | undefined;
  /** The codec for values of `compressionMinBytes` and more; `zstd` needs a Node that has it. Default: `snappy`. */
  compressionType?: CompressionType | undefined;
  /** Refused: RocksDB reads ahead 2 MiB in compactions here. */
  compactionReadaheadSize?: undefined;
  /** Taken for compatibility: RocksDB sizes levels dynamically here, whichever is given. Default: false. */
  levelCompactionDynamicLevelBytes?: boolean | undefined;
  /** Table files that RocksDB keeps open a shard, 20 to 1,048,576. Default: no limit. */
  maxOpenFiles?: number | undefined;
  /**
   * Bytes of the memtable that gathers writes before they become a table, 64 KiB to 4 GiB; a shard holds up to three.
   * Smaller ones flush and compact sooner, larger ones take memory and time at the next open. Default: RocksDB's, 64 MiB.
   */
  writeBufferSize?: number | undefined;
  /**
   * Level-0 tables at which a shard takes no more writes until a compaction has caught up, 1 to 36; more than 20 changes
   * nothing, because RocksDB slows writers down from there on. Compactions start by themselves at 4: below that only
   * `compact()` opens the shard again. Default: 20.
   */
  level0StopWritesTrigger?: number | undefined;
  /** The level of RocksDB's own log; only `info`, the default. */
  logLevel?: "info" | undefined;
  /** Refused: memtables are not put in huge pages here. */
  memtableHugePageSize?: undefined;
  /** Only `"24 hours"`, the default: RocksDB starts a new log of its own at each open, and by no clock. */
  logFileTimeToRoll?: Duration | undefined;
  /** Only `"6 hours"`, the default, which is what RocksDB does. */
  obsoleteFilesPeriod?: Duration | undefined;
  /** Stores that are with the shards at a time, 1 to 1,000,000; the others wait in line. Default: no limit. */
  limitConcurrentStores?: number | undefined;
  /** Loads that are with the shards at a time, 1 to 1,000,000; the others wait in line. Default: no limit. */
  limitConcurrentLoads?: number | undefined;
  /** Removes that are with the shards at a time, 1 to 1,000,000; the others wait in line. Default: no limit. */
  limitConcurrentRemoves?: number | undefined;
  /**
   * The longest that `store` and `remove` wait, 1 ms to 1 day. A caller's `deadline` can only shorten it: a client that
   * has timed out tries again, and the message is there twice. Default: `"30s"`.
   */
  storeDeadline?: Duration | undefined;
  /** How long errors must go on before a shard's gate latches, 0 to 1 day. Default: `"15s"`. */
  errorLatchDuration?: Duration | undefined;
  /** How long a latched shard must be quiet before it may prove that it works, 0 to 1 year. Default: `"5 minutes"`. */
  errorUnlatchDuration?: Duration | undefined;
  /** Whether a gate clears itself at all; false leaves it to the operator. Default: true. */
  allowErrorUnlatch?: boolean | undefined;
  /** Bytes below which a value is kept as it is, 0 to 1 GiB. Default: 4096. */
  compressionMinBytes?: number | undefined;
}

/** The same, complete: durations in milliseconds, sizes in bytes, null for "not set: RocksDB's own, or no limit". */
export interface ResolvedParams {
  readonly increaseParallelism: number | null;
  readonly optimizeLevelStyleCompaction: null;
  readonly optimizeUniversalStyleCompaction: null;
  readonly paranoidChecks: boolean;
  readonly compressionType: CompressionType;
  readonly compactionReadaheadSize: null;
  readonly levelCompactionDynamicLevelBytes: boolean;
  readonly maxOpenFiles: number | null;
  readonly writeBufferSize: number | null;
  readonly level0StopWritesTrigger: number | null;
  readonly logLevel: "info";
  readonly memtableHugePageSize: null;
  readonly logFileTimeToRoll: number;
  readonly obsoleteFilesPeriod: number;
  readonly limitConcurrentStores: number | null;
  readonly limitConcurrentLoads: number | null;
  readonly limitConcurrentRemoves: number | null;
  readonly storeDeadline: number;
  readonly errorLatchDuration: number;
  readonly errorUnlatchDuration: number;
  readonly allowErrorUnlatch: boolean;
  readonly compressionMinBytes: number;
}

/** What decides over options and core cannot see for itself. */
export interface ConfigEnvironment {
  /** Whether this Node's `node:zlib` has `zstdCompressSync` (22.15, 23.8 and later). */
  readonly zstdAvailable: boolean;
}

const CODECS: readonly CompressionType[] = ["snappy", "none", "lz4", "zlib", "zstd"];

function compressionField({ zstdAvailable }: ConfigEnvironment): z.ZodType<CompressionType, CompressionType> {
  const names = CODECS.filter((codec) => codec !== "zstd" || zstdAvailable);
  const quoted = names.map((codec) => `"${codec}"`).join(", ");
  const missing = zstdAvailable ? "" : `; "zstd" needs a later Node (22.15, 23.8 or newer)`;
  return z.enum(names, { error: `must be one of ${quoted}${missing}` });
}

/** A field that the engine cannot honour: it must be left out. `why` ends the sentence. */
function refusedField(why: string): z.ZodType<null, undefined> {
  return z
    .undefined({ error: `cannot be set here: ${why}` })
    .optional()
    .transform(() => null);
}

export function booleanField(): z.ZodType<boolean, boolean> {
  return z.boolean({ error: "must be true or false" });
}

/** `field`, or null where it is left out. */
export function orNull<Out, In>(field: z.ZodType<Out, In>): z.ZodType<Out | null, In | undefined> {
  return field.optional().transform((value) => value ?? null);
}

const MAX_CONCURRENT = 1_000_000;

/** The schema of each param. The types hold it and the two interfaces together, field by field. */
export function paramFields(environment: ConfigEnvironment) {
  return {
    increaseParallelism: orNull(countField(1, 64)),
    optimizeLevelStyleCompaction: refusedField("RocksDB runs level-style compaction already; use writeBufferSize"),
    optimizeUniversalStyleCompaction: refusedField("only level-style compaction is possible"),
    paranoidChecks: booleanField().default(false),
    compressionType: compressionField(environment).default("snappy"),
    compactionReadaheadSize: refusedField("compactions read ahead 2 MiB"),
    levelCompactionDynamicLevelBytes: booleanField().default(false),
    maxOpenFiles: orNull(countField(20, 1_048_576)),
    writeBufferSize: orNull(bytesField(64 * KIB, 4 * GIB)),
    level0StopWritesTrigger: orNull(countField(1, 36, "RocksDB itself stops at 36")),
    logLevel: z.literal("info", { error: `only "info" is possible here` }).default("info"),
    memtableHugePageSize: refusedField("memtables are not put in huge pages"),
    logFileTimeToRoll: fixedDurationField("24 hours", "RocksDB starts a new log at each open").prefault("24 hours"),
    obsoleteFilesPeriod: fixedDurationField("6 hours", "it is what RocksDB does").prefault("6 hours"),
    limitConcurrentStores: orNull(countField(1, MAX_CONCURRENT)),
    limitConcurrentLoads: orNull(countField(1, MAX_CONCURRENT)),
    limitConcurrentRemoves: orNull(countField(1, MAX_CONCURRENT)),
    // A day at most: it ends up in timers, which overflow after 24 days.
    storeDeadline: durationField("1 ms", "1 day").prefault("30s"),
    errorLatchDuration: durationField("0 ms", "1 day").prefault("15s"),
    errorUnlatchDuration: durationField("0 ms", "1 year").prefault("5 minutes"),
    allowErrorUnlatch: booleanField().default(true),
    compressionMinBytes: bytesField(0, GIB).default(4 * KIB),
  } satisfies { [Name in keyof Required<RocksSpoolParams>]: z.ZodType<ResolvedParams[Name], RocksSpoolParams[Name]> };
}

/** Checks and completes `params`. Throws a `SpoolConfigError` for the first thing that is wrong, its field `params.<name>`. */
export function resolveParams(input: unknown, environment: ConfigEnvironment): ResolvedParams {
  return parseConfig(strictFields(paramFields(environment)), input, "params");
}

// What every config schema shares ---------------------------------------------------------------------------------

/**
 * An object with these fields and no others. For an unknown key the error names the nearest of the fields and of
 * `elsewhere`, dotted names of fields that live deeper.
 */
export function strictFields<Shape extends z.ZodRawShape>(shape: Shape, elsewhere: readonly string[] = []) {
  const known = [...Object.keys(shape), ...elsewhere];
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? unknownKey(String(issue.keys[0]), known) : "must be an object",
  });
}

/**
 * Runs `schema` over `input`, and turns its first issue into a `SpoolConfigError`: the one place where zod's words become
 * ours. `root` is the dotted name of `input` itself, empty for the options as a whole.
 */
export function parseConfig<Out>(schema: z.ZodType<Out>, input: unknown, root: string): Out {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  const keys = issue.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
  let value: unknown = input;
  for (const key of keys) value = (value as Record<PropertyKey, unknown>)[key];
  const field = [root, ...keys.map(String)].filter((part) => part !== "").join(".");
  throw new SpoolConfigError(field === "" ? "options" : field, value, issue.message);
}

function unknownKey(key: string, known: readonly string[]): string {
  const plain = plainKey(key);
  let nearest: string | null = null;
  // A third of the letters may be wrong: more, and the name is a guess.
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(plain, plainKey(candidate));
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest === null ? "there is no such option" : `there is no such option; did you mean ${nearest}?`;
}

/** `store_deadline`, `StoreDeadline` and `params.storeDeadline` are near to `storeDeadline`. */
function plainKey(key: string): string {
  return key
    .slice(key.lastIndexOf(".") + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}

/** Levenshtein's distance: letters inserted, left out or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

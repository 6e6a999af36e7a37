import { z } from "zod";
import { type Duration, durationField, fixedDurationField } from "./duration.ts";
import { booleanField, orNull } from "./schema.ts";
import { bytesField, countField, GIB, KIB, MIB } from "./size.ts";

/** Codec of a message. Each message is compressed by itself, in the shard's thread. */
export type CompressionType = "snappy" | "none" | "lz4" | "zlib" | "zstd";

/**
 * How a spool stores: the 21 parameters of KumoMTA's `RocksSpoolParams`, with its defaults, `compressionMinBytes` and
 * `segmentSize`. RocksDB holds the index of the messages, so its parameters concern that alone.
 *
 * They take effect at `openSpool` and are not stored on disk: the next open may pass other values. A value that the
 * engine cannot honour is refused with a `SpoolConfigError`, never ignored; docs/parameters.md names alternatives.
 */
export interface RocksSpoolParams {
  /** RocksDB's background jobs (flushes and compactions) per shard, 1 to 64. Default: 6. */
  increaseParallelism?: number | undefined;
  /** Refused: RocksDB runs level-style compaction with its own settings; its memory is `writeBufferSize`. */
  optimizeLevelStyleCompaction?: undefined;
  /** Refused: RocksDB runs level-style compaction only. */
  optimizeUniversalStyleCompaction?: undefined;
  /** Accepted, without effect: RocksDB's paranoid checks are always on. Default: false. */
  paranoidChecks?: boolean | undefined;
  /** Codec of messages from `compressionMinBytes` on. `zstd` needs Node 22.15, 23.8 or later. Default: `"snappy"`. */
  compressionType?: CompressionType | undefined;
  /** Refused: compactions read ahead 2 MiB. */
  compactionReadaheadSize?: undefined;
  /** Accepted, without effect: RocksDB always sizes levels dynamically. Default: false. */
  levelCompactionDynamicLevelBytes?: boolean | undefined;
  /** Table files of the index that RocksDB keeps open per shard, 20 to 1,048,576. Default: no limit. */
  maxOpenFiles?: number | undefined;
  /**
   * Bytes of a memtable of the index, 64 KiB to 4 GiB. A shard holds up to three of them. Smaller ones flush and
   * compact more often; larger ones take more memory. Default: 67,108,864 (64 MiB).
   */
  writeBufferSize?: number | undefined;
  /**
   * Number of level-0 tables of the index at which a shard stops taking writes until a compaction has caught up, 1 to
   * 36. More than 20 has the effect of 20, because RocksDB slows writers down from there on. Compactions start by
   * themselves at 4 tables: with a trigger below 4, only `compact()` makes a stopped shard take writes again.
   * Default: 20.
   */
  level0StopWritesTrigger?: number | undefined;
  /** Level of RocksDB's own `LOG` file: only `"info"`, the default. */
  logLevel?: "info" | undefined;
  /** Refused: memtables are not put in huge pages. */
  memtableHugePageSize?: undefined;
  /** Only `"24 hours"`, the default. RocksDB starts a new `LOG` file at each open, never by time. */
  logFileTimeToRoll?: Duration | undefined;
  /** How often RocksDB looks for obsolete files: only `"6 hours"`, the default. */
  obsoleteFilesPeriod?: Duration | undefined;
  /** Stores that the shards work on at the same time, 1 to 1,000,000; the others are queued. Default: no limit. */
  limitConcurrentStores?: number | undefined;
  /** Loads that the shards work on at the same time, 1 to 1,000,000; the others are queued. Default: no limit. */
  limitConcurrentLoads?: number | undefined;
  /** Removes that the shards work on at the same time, 1 to 1,000,000; the others are queued. Default: no limit. */
  limitConcurrentRemoves?: number | undefined;
  /**
   * The longest that `store` and `remove` wait, 1 ms to 1 day. A call's `deadline` can only shorten it: a client that
   * has timed out sends again, and a write that waits longer stores the message twice. Default: `"30s"`.
   */
  storeDeadline?: Duration | undefined;
  /**
   * How long errors must go on before a shard's gate latches, 0 to 1 day. Corruption and I/O errors latch it at once.
   * Default: `"15s"`.
   */
  errorLatchDuration?: Duration | undefined;
  /** Time without errors after which a latched shard tries a proof, 0 to 1 year. Default: `"5 minutes"`. */
  errorUnlatchDuration?: Duration | undefined;
  /** Whether a latched gate opens by itself, after a proof. If false, only the operator opens it. Default: true. */
  allowErrorUnlatch?: boolean | undefined;
  /** Messages smaller than this are stored uncompressed, 0 to 1 GiB. Default: 4096. */
  compressionMinBytes?: number | undefined;
  /**
   * Bytes of a segment of the message log, 64 KiB to 1 GiB. A larger message has a segment of its own. The space of
   * removed messages is given back a segment at a time. Default: 134,217,728 (128 MiB).
   */
  segmentSize?: number | undefined;
}

/** `RocksSpoolParams` with its defaults, durations in milliseconds. Null means RocksDB's default, or no limit. */
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
  readonly segmentSize: number;
}

/** Facts about the process that decide which options are valid. */
export interface ConfigEnvironment {
  /** Whether `node:zlib` has `zstdCompressSync`: Node 22.15, 23.8 and later. */
  readonly zstdAvailable: boolean;
}

const CODECS: readonly CompressionType[] = ["snappy", "none", "lz4", "zlib", "zstd"];

function compressionField({ zstdAvailable }: ConfigEnvironment): z.ZodType<CompressionType, CompressionType> {
  const names = CODECS.filter((codec) => codec !== "zstd" || zstdAvailable);
  const quoted = names.map((codec) => `"${codec}"`).join(", ");
  const missing = zstdAvailable ? "" : `; "zstd" needs a later Node (22.15, 23.8 or newer)`;
  return z.enum(names, { error: `must be one of ${quoted}${missing}` });
}

/** A field that the engine cannot honour: it must be left out. `why` completes the error. */
function refusedField(why: string): z.ZodType<null, undefined> {
  return z
    .undefined({ error: `cannot be set here: ${why}` })
    .optional()
    .transform(() => null);
}

const MAX_CONCURRENT = 1_000_000;

/** The schema of each param. `satisfies` checks it against both interfaces, field by field. */
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
    // A day at most: timers overflow after 24 days.
    storeDeadline: durationField("1 ms", "1 day").prefault("30s"),
    errorLatchDuration: durationField("0 ms", "1 day").prefault("15s"),
    errorUnlatchDuration: durationField("0 ms", "1 year").prefault("5 minutes"),
    allowErrorUnlatch: booleanField().default(true),
    compressionMinBytes: bytesField(0, GIB).default(4 * KIB),
    segmentSize: bytesField(64 * KIB, GIB).default(128 * MIB),
  } satisfies { [Name in keyof Required<RocksSpoolParams>]: z.ZodType<ResolvedParams[Name], RocksSpoolParams[Name]> };
}

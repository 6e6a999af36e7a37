import { z } from "zod";
import type { Logger } from "../logger.ts";
import { type Duration, durationField } from "./duration.ts";
import {
  booleanField,
  type ConfigEnvironment,
  orNull,
  paramFields,
  parseConfig,
  type ResolvedParams,
  type RocksSpoolParams,
  strictFields,
} from "./params.ts";
import { bytesField, countField, GIB, KIB, MIB } from "./size.ts";

export { type Duration, parseDuration } from "./duration.ts";

/** The part of a prom-client `Registry` that tells one; a whole `Registry` fits. */
export interface MetricsRegistry {
  registerMetric(metric: never): void;
}

/** What must stay free: a share of the whole, or an amount (bytes or inodes). Zero of either is off. */
export type FreeLimit = { readonly percent: number } | { readonly amount: number };

/** `any`: the spool sheds load as soon as one shard does; `all`: when no shard takes writes any more. */
export type ShedWhen = "any" | "all";

/** The options of `openSpool`. All but `shards` may change from one open to the next. Unknown keys are refused. */
export interface SpoolOptions {
  /** The spool's directory; it is made (0755), with its parents, if it is not there. Not empty. */
  path: string;
  /**
   * Shards, each a RocksDB and a thread of its own, 1 to 256. Fixed when the directory is made.
   * Default: what the directory holds, else `availableParallelism()` within 1 to 8.
   */
  shards?: number | undefined;
  /** Whether every write is synced to the disk before it is acknowledged. Default: false; a store may ask for it itself. */
  flush?: boolean | undefined;
  /** How a shard stores, and when its gate latches. Default: KumoMTA's defaults. */
  params?: RocksSpoolParams | undefined;
  /** The prom-client `Registry` that the spool's metrics join. Default: prom-client's global one. */
  registry?: MetricsRegistry | undefined;
  /** Where log lines go: pino, or anything with its `debug`, `info`, `warn` and `error`. Default: nowhere. */
  logger?: Logger | undefined;
  /** How often the monitor looks at the shards, 10 ms to 1 hour. Default: `"5s"`. */
  monitorInterval?: Duration | undefined;
  /**
   * Bytes of messages that may wait on the main thread, 64 KiB to 1 GiB: above it `store` waits in line under its
   * deadline. A larger message is a `SpoolTooLargeError`. Default: 67,108,864 (64 MiB).
   */
  maxPendingBytes?: number | undefined;
  /** Free space below which `store` is refused with `SpoolFullError`: bytes, or a share such as `"10%"`. Default: 0, off. */
  minFreeSpace?: number | string | undefined;
  /** Free inodes below which `store` is refused with `SpoolFullError`: a count, or a share such as `"10%"`. Default: 0, off. */
  minFreeInodes?: number | string | undefined;
  /** When `unhealthyReason()` speaks: while `any` shard is latched, or while `all` are. Default: `"all"`. */
  shedWhen?: ShedWhen | undefined;
  /**
   * How long `shutdown` waits for what is pending, and then again for the shards to close, 10 ms to 1 day: a disk may not answer.
   * What is pending then is rejected (`unknown` where a shard has it); shards that are late are named in the rejection, and the
   * directory stays locked until they have closed after all. Default: `"1 minute"`.
   */
  shutdownTimeout?: Duration | undefined;
}

/** The same, complete: durations in milliseconds, sizes in bytes, null for "not given". */
export interface ResolvedOptions {
  readonly path: string;
  readonly shards: number | null;
  readonly flush: boolean;
  readonly params: ResolvedParams;
  readonly registry: MetricsRegistry | null;
  readonly logger: Logger | null;
  readonly monitorInterval: number;
  readonly maxPendingBytes: number;
  readonly minFreeSpace: FreeLimit;
  readonly minFreeInodes: FreeLimit;
  readonly shedWhen: ShedWhen;
  readonly shutdownTimeout: number;
}

/** Checks and completes what `openSpool` got. Throws a `SpoolConfigError` for the first thing that is wrong. */
export function resolveOptions(input: unknown, environment: ConfigEnvironment): ResolvedOptions {
  return parseConfig(optionsSchema(environment), input, "");
}

function optionsSchema(environment: ConfigEnvironment): z.ZodType<ResolvedOptions, SpoolOptions> {
  const fields = paramFields(environment);
  const params: z.ZodType<ResolvedParams, RocksSpoolParams> = strictFields(fields);
  return strictFields(
    {
      path: pathField(),
      shards: orNull(countField(1, 256)),
      flush: booleanField().default(false),
      params: params.prefault({}),
      registry: orNull(objectWith<MetricsRegistry>(["registerMetric"], "a prom-client Registry")),
      logger: orNull(objectWith<Logger>(["debug", "info", "warn", "error"], "a logger such as pino's")),
      monitorInterval: durationField("10 ms", "1 hour").prefault("5s"),
      maxPendingBytes: bytesField(64 * KIB, GIB).default(64 * MIB),
      minFreeSpace: freeField("bytes").prefault(0),
      minFreeInodes: freeField("inodes").prefault(0),
      shedWhen: z.enum(["any", "all"], { error: `must be "any" or "all"` }).default("all"),
      shutdownTimeout: durationField("10 ms", "1 day").prefault("1 minute"),
    } satisfies { [Name in keyof Required<SpoolOptions>]: z.ZodType<ResolvedOptions[Name], SpoolOptions[Name]> },
    Object.keys(fields).map((name) => `params.${name}`),
  );
}

function pathField(): z.ZodType<string, string> {
  const allowed = "must be the name of a directory: text that is not empty and has no NUL in it";
  return z.string({ error: allowed }).regex(/^[^\0]+$/, { error: allowed });
}

/** Any object that has these methods: it is the caller's, and is passed on as it is. */
function objectWith<Type extends object>(
  methods: readonly (keyof Type & string)[],
  what: string,
): z.ZodType<Type, Type> {
  const fits = (value: unknown): boolean =>
    typeof value === "object" &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function");
  const error = `must be ${what}: an object with the method${methods.length > 1 ? "s" : ""} ${methods.join(", ")}`;
  return z.custom<Type>(fits, { error });
}

const PERCENT = /^(\d+(?:\.\d+)?) ?%$/;

function parseFree(value: unknown): FreeLimit | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? { amount: value } : null;
  const digits = typeof value === "string" ? PERCENT.exec(value)?.[1] : undefined;
  if (digits === undefined) return null;
  const percent = Number(digits);
  return percent <= 100 ? { percent } : null;
}

function freeField(unit: string): z.ZodType<FreeLimit, number | string> {
  const error = `must be a number of ${unit}, or a share from "0%" to "100%"; 0 is off`;
  return z
    .custom<number | string>((value) => parseFree(value) !== null, { error })
    .transform((value) => parseFree(value) as FreeLimit);
}

import { z } from "zod";
import type { Logger } from "../logger.ts";
import { type Duration, durationField } from "./duration.ts";
import { type ConfigEnvironment, paramFields, type ResolvedParams, type RocksSpoolParams } from "./params.ts";
import { booleanField, orNull, parseConfig, strictFields } from "./schema.ts";
import { bytesField, countField, GIB, KIB, MIB } from "./size.ts";

export { type Duration, parseDuration } from "./duration.ts";

/** What a spool uses of a prom-client `Registry`. */
export interface MetricsRegistry {
  registerMetric(metric: never): void;
}

/** What must stay free: a percentage of the whole, or an amount (bytes or inodes). Zero turns the check off. */
export type FreeLimit = { readonly percent: number } | { readonly amount: number };

/** When a spool sheds load: as soon as `any` shard refuses writes, or only once `all` of them do. */
export type ShedWhen = "any" | "all";

/** The options of `openSpool`. All but `shards` may change from one open to the next. Unknown keys are refused. */
export interface SpoolOptions {
  /** Directory of the spool. Created (mode 0755) with its parents if missing. Must not be empty. */
  path: string;
  /**
   * Number of shards, 1 to 256; each is a message log with its own thread. Fixed when the directory is created.
   * Default: the directory's number; for a new directory `availableParallelism()`, but at most 8.
   */
  shards?: number | undefined;
  /** Sync each write to the disk before it is acknowledged. `forceSync` does so for one store. Default: false. */
  flush?: boolean | undefined;
  /** How a shard stores, and when its gate latches. Default: KumoMTA's defaults. */
  params?: RocksSpoolParams | undefined;
  /** prom-client `Registry` that the spool's metrics are registered with. Default: prom-client's global one. */
  registry?: MetricsRegistry | undefined;
  /** Receives the log lines: pino, or anything with `debug`, `info`, `warn` and `error`. Default: nothing is logged. */
  logger?: Logger | undefined;
  /** How often the monitor checks the shards' health and the free space, 10 ms to 1 hour. Default: `"5s"`. */
  monitorInterval?: Duration | undefined;
  /**
   * Bytes of messages that the main thread holds copies of, 64 KiB to 1 GiB. At the limit, further stores are queued
   * until their deadline. A message larger than the limit is a `SpoolTooLargeError`. Default: 67,108,864 (64 MiB).
   */
  maxPendingBytes?: number | undefined;
  /**
   * `store` is refused with `SpoolFullError` below this free space: bytes, or a share such as `"10%"`. Default: 0, off.
   */
  minFreeSpace?: number | string | undefined;
  /**
   * `store` is refused with `SpoolFullError` below this many free inodes, or a share such as `"10%"`. Default: 0, off.
   */
  minFreeInodes?: number | string | undefined;
  /**
   * When `unhealthyReason()` returns a reason: while `any` shard refuses writes, or while `all` do. Default: `"all"`.
   */
  shedWhen?: ShedWhen | undefined;
  /**
   * How long `shutdown` waits for pending operations, and then again for the shards to close, 10 ms to 1 day.
   * Operations that are still pending after the first wait are rejected, with the outcome `unknown` if a shard has
   * them. Shards that are still open after the second wait are named in the rejection; the directory stays locked until
   * they have closed. Default: `"1 minute"`.
   */
  shutdownTimeout?: Duration | undefined;
}

/** `SpoolOptions` with all defaults: durations in milliseconds, sizes in bytes, null for "not given". */
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

/** Validates the options and fills in the defaults. Throws a `SpoolConfigError` for the first invalid one. */
export function resolveOptions(input: unknown, environment: ConfigEnvironment): ResolvedOptions {
  return parseConfig(optionsSchema(environment), input);
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

/** The caller's own object, passed on unchanged if it has these methods. */
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

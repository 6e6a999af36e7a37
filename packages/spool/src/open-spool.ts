import { resolve } from "node:path";
import * as zlib from "node:zlib";
import {
  createStatusMemory,
  type ResolvedOptions,
  SpoolEngineError,
  SpoolError,
  SpoolLockedError,
  type SpoolOptions,
  silentLogger,
} from "@rockspool/core";
import { resolveOptions } from "@rockspool/core/options";
import { DirectoryLock } from "./directory/directory-lock.ts";
import {
  finishLayout,
  layoutPath,
  logPath,
  makeDirectory,
  markPath,
  prepareLayout,
  shardPath,
} from "./directory/layout.ts";
import { type Environment, realEnvironment } from "./environment.ts";
import { Metrics } from "./metrics/metrics.ts";
import { Monitor } from "./monitor/monitor.ts";
import { StorageGuard } from "./monitor/storage-guard.ts";
import { ShardClient } from "./shards/shard-client.ts";
import { RocksSpool } from "./spool.ts";
import { ShardThreads } from "./threads/shard-threads.ts";

/**
 * Opens the spool in `options.path`, or creates one there. Resolves when every shard is open or known to be down. A
 * shard that is down or read-only is latched, gives the reason in `health()` and in the log, and does not affect the
 * others.
 *
 * Rejects with a `SpoolConfigError` (an option, or a directory that does not match), a `SpoolLockedError` (it is open
 * elsewhere), a `SpoolEngineError` (the directory cannot be used), or an `AggregateError` of the reasons if no shard
 * could be opened, or if a shard of a new spool could not be created. Nothing stays open then.
 */
export function openSpool(options: SpoolOptions): Promise<RocksSpool> {
  return openSpoolIn({}, options);
}

/** The same with parts of the environment replaced. */
export async function openSpoolIn(replaced: Partial<Environment>, input: SpoolOptions): Promise<RocksSpool> {
  const environment = { ...realEnvironment, ...replaced };
  const checked = resolveOptions(input, { zstdAvailable: "zstdCompressSync" in zlib });
  const options = { ...checked, path: resolve(checked.path) };
  await makeDirectory(options.path);
  const lock = await DirectoryLock.take(options.path);
  try {
    const { layout, fresh } = await prepareLayout(options.path, options.shards);
    return await openShards({ environment, options, lock, id: layout.id, count: layout.shards, fresh });
  } catch (error) {
    await lock.release();
    if (error instanceof SpoolError || error instanceof AggregateError) throw error;
    // A call to the file system failed.
    throw new SpoolEngineError((error as Error).message, { kind: "io", path: options.path, cause: error });
  }
}

/** libuv's default if UV_THREADPOOL_SIZE is not set. */
const DEFAULT_UV_THREADS = 4;

interface Opening {
  readonly environment: Environment;
  readonly options: ResolvedOptions;
  readonly lock: DirectoryLock;
  readonly id: string;
  readonly count: number;
  readonly fresh: boolean;
}

async function openShards({ environment, options, lock, id, count, fresh }: Opening): Promise<RocksSpool> {
  const { path, params, flush, monitorInterval } = options;
  const log = options.logger ?? silentLogger;
  const poolThreads = Number(process.env.UV_THREADPOOL_SIZE) || DEFAULT_UV_THREADS;
  if (count > poolThreads) {
    log.warn(
      { shards: count, poolThreads },
      `${count} shards share libuv's ${poolThreads} threads, so a stalled one can block the others: set UV_THREADPOOL_SIZE`,
    );
  }
  const status = createStatusMemory(count);
  const threads = new ShardThreads(count, environment.workerData);
  const shards = Array.from({ length: count }, (_, index) => {
    const task = {
      index,
      path: shardPath(path, index),
      logPath: logPath(path, index),
      markPath: markPath(path, index),
      spool: id,
      layoutPath: layoutPath(path),
      fresh,
      params,
      fullSync: flush,
      monitorIntervalMs: monitorInterval,
      status,
      engine: environment.engine.href,
    };
    return new ShardClient(task, threads, log);
  });
  const storage = new StorageGuard(path, options.minFreeSpace, options.minFreeInodes, environment.statfs);
  let metrics: Metrics;
  try {
    await Promise.all(shards.map((shard) => shard.open()));
    const failures = shards.flatMap(({ failure }) => failure ?? []);
    const locked = failures.find((failure) => failure instanceof SpoolLockedError);
    if (locked !== undefined) throw locked;
    if (failures.length === count || (fresh && failures.length > 0)) {
      throw new AggregateError(failures, `no spool in ${path}: ${failures.map(({ message }) => message).join("; ")}`);
    }
    if (fresh) await finishLayout(path);
    metrics = new Metrics(options.registry, { path, shards, storage });
  } catch (error) {
    await Promise.allSettled(shards.map((shard) => shard.close()));
    await threads.end();
    throw error;
  }
  for (const shard of shards) shard.made();
  const monitor = new Monitor(shards, storage, options, log, environment.now);
  await monitor.checkStorage();
  return new RocksSpool({ options, lock, threads, shards, monitor, metrics });
}

import { readdir, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { fromErrorRecord, SpoolConfigError } from "@rockspool/core";
import {
  type AcceptLossTask,
  CreditReceiver,
  type ReadMode,
  type ReadShardTask,
  type RecordBatch,
  type Result,
  type ShardFiles,
  type ShardLoss,
  type ShardRecord,
  threadTasks,
} from "@rockspool/worker";
import type { Piscina } from "piscina";
import { DirectoryLock } from "../directory/directory-lock.ts";
import { logPath, markPath, readLayout, SHARD_NAME, shardPath } from "../directory/layout.ts";
import { threadPool } from "../threads/thread-pool.ts";

/** Batches of records of one shard that are in memory here: one in use, one ready. */
const MAX_BATCHES = 2;

/**
 * A spool that is not open anywhere: this object holds its lock. Its shards are read one after the other, on a thread.
 * Only `acceptLoss` changes a file.
 */
export class ClosedSpool {
  readonly path: string;
  /** The number of shards: from `rockspool.json`, else from the names in the directory. */
  readonly shards: number;
  /** Why `rockspool.json` cannot be read; null if it can. */
  readonly layoutError: string | null;
  /** From `rockspool.json`; null if that cannot be read. */
  readonly #id: string | null;
  readonly #lock: DirectoryLock | null;
  readonly #pool: Piscina;

  /**
   * `shards`: the number of shards to assume if `rockspool.json` cannot be read. Rejects with a `SpoolLockedError` if
   * the spool is open, with a `SpoolConfigError` if there is none. Creates no file, except the lock's where `change` is
   * true.
   */
  static async open(
    path: string,
    { shards = null, change = false }: { readonly shards?: number | null; readonly change?: boolean } = {},
  ): Promise<ClosedSpool> {
    const absolute = resolve(path);
    if (!(await isDirectory(absolute))) throw new SpoolConfigError("path", path, "there is no such directory");
    const lock = await (change ? DirectoryLock.take(absolute) : DirectoryLock.takeExisting(absolute));
    try {
      return new ClosedSpool(absolute, await findShards(absolute, shards), lock);
    } catch (error) {
      await lock?.release();
      throw error;
    }
  }

  private constructor(path: string, found: FoundShards, lock: DirectoryLock | null) {
    this.path = path;
    this.shards = found.shards;
    this.layoutError = found.error;
    this.#id = found.id;
    this.#lock = lock;
    this.#pool = threadPool({ minThreads: 0, maxThreads: 1 });
  }

  /**
   * A shard's messages and what is wrong with it; the last record is its verdict. Ending the iteration early ends the
   * reading.
   */
  async *records(index: number, mode: ReadMode): AsyncGenerator<ShardRecord> {
    const { port1, port2 } = new MessageChannel();
    const batches = new CreditReceiver<RecordBatch, true>(port1);
    for (let i = 0; i < MAX_BATCHES; i++) batches.credit(true);
    // Without a layout the shard of an id is not known.
    const shards = this.layoutError === null ? this.shards : null;
    const task: ReadShardTask = { ...this.#files(index), shards, mode, port: port2 };
    const run = this.#pool
      .run(task, { name: threadTasks.names.read, transferList: [port2] })
      .catch((death: Error) => batches.fail(death));
    try {
      for (let batch = await batches.take(); batch !== null; batch = await batches.take()) {
        yield* batch;
        batches.credit(true);
      }
    } finally {
      batches.close();
      await run;
    }
  }

  /** What the shard has lost; null for a sound shard. Changes files only if `accept` is true. */
  async acceptLoss(index: number, options: Pick<AcceptLossTask, "accept" | "beginEmpty">): Promise<ShardLoss | null> {
    const task: AcceptLossTask = { ...this.#files(index), ...options };
    const result: Result<ShardLoss | null> = await this.#pool.run(task, { name: threadTasks.names.acceptLoss });
    if ("error" in result) throw fromErrorRecord(result.error);
    return result.value;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
    await this.#lock?.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #files(index: number): ShardFiles {
    return {
      index,
      path: shardPath(this.path, index),
      logPath: logPath(this.path, index),
      markPath: markPath(this.path, index),
      spool: this.#id,
    };
  }
}

interface FoundShards {
  readonly id: string | null;
  readonly shards: number;
  readonly error: string | null;
}

async function findShards(path: string, asked: number | null): Promise<FoundShards> {
  const names = await readdir(path);
  const numbers = names.flatMap((name) => SHARD_NAME.exec(name)?.[1] ?? []).map(Number);
  const found = Math.max(-1, ...numbers) + 1;
  let error: string;
  try {
    const layout = await readLayout(path);
    if (layout !== null && asked !== null && asked !== layout.shards) {
      throw new SpoolConfigError("shards", asked, `${path} holds ${layout.shards} shards`);
    }
    if (layout !== null) return { id: layout.id, shards: layout.shards, error: null };
    error = "rockspool.json is missing";
  } catch (failure) {
    if (failure instanceof SpoolConfigError && failure.field === "shards") throw failure;
    error = (failure as Error).message;
  }
  if (found === 0 && asked === null) throw new SpoolConfigError("path", path, "no spool is there");
  return { id: null, shards: asked ?? found, error };
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

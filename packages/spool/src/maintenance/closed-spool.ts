import { readdir, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { fromErrorRecord, SpoolConfigError } from "@rockspool/core";
import {
  type AcceptLossTask,
  engineUrls,
  type ReadMode,
  type ReadShardTask,
  type RecordBatch,
  type Result,
  type ShardLoss,
  type ShardRecord,
  threadTasks,
} from "@rockspool/worker";
import type { Piscina } from "piscina";
import { DirectoryLock } from "../directory/directory-lock.ts";
import { markPath, readLayout, shardPath } from "../directory/layout.ts";
import { threadPool } from "../shards/thread-pool.ts";

/**
 * A spool that nobody has open, for as long as this has its lock: its shards are looked at one after the other, in a thread. No
 * file is changed, except by `acceptLoss`.
 */
export class ClosedSpool {
  readonly path: string;
  /** How many shards there are: as `rockspool.json` says, else as the directory's names do. */
  readonly shards: number;
  /** Why `rockspool.json` cannot be read; null where it can. */
  readonly layoutError: string | null;
  readonly #lock: DirectoryLock | null;
  readonly #pool: Piscina;

  /**
   * `shards`: what to take where `rockspool.json` cannot be read. Rejects with a `SpoolLockedError` where somebody has it open,
   * with a `SpoolConfigError` where there is no spool. Makes no file, unless it is opened to `change` something.
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
    this.#lock = lock;
    this.#pool = threadPool({ minThreads: 0, maxThreads: 1 });
  }

  /** A shard's messages and what is wrong with it; the last record is its verdict. Ending it early ends the reading. */
  async *records(index: number, mode: ReadMode): AsyncGenerator<ShardRecord> {
    const { port1, port2 } = new MessageChannel();
    const batches: RecordBatch[] = [];
    let wake = (): void => {};
    port1.on("message", (batch: RecordBatch) => {
      batches.push(batch);
      wake();
    });
    // Nobody knows how ids map to shards without a layout.
    const shards = this.layoutError === null ? this.shards : null;
    const task: ReadShardTask = { ...this.#files(index), index, shards, mode, port: port2 };
    let death: { readonly error: unknown } | null = null;
    const run = this.#pool.run(task, { name: threadTasks.names.read, transferList: [port2] }).then(
      () => {},
      (error: unknown) => {
        death = { error };
        wake();
      },
    );
    try {
      for (;;) {
        const batch = batches.shift();
        if (batch === undefined) {
          if (death !== null) throw (death as { readonly error: unknown }).error;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if ("end" in batch) {
          if (batch.end !== null) throw fromErrorRecord(batch.end);
          return;
        } else {
          yield* batch;
          port1.postMessage(null);
        }
      }
    } finally {
      port1.close();
      await run;
    }
  }

  /** What the shard has lost; null for a sound one. The only call that changes a file, and only where it is to `accept`. */
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

  #files(index: number): Pick<ReadShardTask, "path" | "markPath" | "engine"> {
    return {
      path: shardPath(this.path, index),
      markPath: markPath(this.path, index),
      engine: engineUrls.rocksdb.href,
    };
  }
}

interface FoundShards {
  readonly shards: number;
  readonly error: string | null;
}

async function findShards(path: string, asked: number | null): Promise<FoundShards> {
  const names = await readdir(path);
  const numbers = names.flatMap((name) => /^shard-(\d+)(\.mark)?$/.exec(name)?.[1] ?? []).map(Number);
  const found = Math.max(-1, ...numbers) + 1;
  let error: string;
  try {
    const layout = await readLayout(path);
    if (layout !== null && asked !== null && asked !== layout.shards) {
      throw new SpoolConfigError("shards", asked, `${path} holds ${layout.shards} shards`);
    }
    if (layout !== null) return { shards: layout.shards, error: null };
    error = "rockspool.json is missing";
  } catch (failure) {
    if (failure instanceof SpoolConfigError && failure.field === "shards") throw failure;
    error = (failure as Error).message;
  }
  if (found === 0 && asked === null) throw new SpoolConfigError("path", path, "no spool is there");
  return { shards: asked ?? found, error };
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

import { statfs } from "node:fs/promises";
import { engineUrls } from "@rockspool/worker";
import type { FileSystemSpace } from "./monitor/storage-guard.ts";

/** What a spool uses of its environment, so that tests can replace it. */
export interface Environment {
  /** The module with the engine of a shard. */
  readonly engine: URL;
  /** The `workerData` of the shards' threads. */
  readonly workerData: unknown;
  /** The monitor's clock, in epoch milliseconds. */
  now(): number;
  statfs(path: string): Promise<FileSystemSpace>;
}

export const realEnvironment: Environment = {
  engine: engineUrls.rocksdb,
  workerData: null,
  now: Date.now,
  statfs,
};

import { statfs } from "node:fs/promises";
import { engineUrls } from "@rockspool/worker";
import type { FileSystemSpace } from "./monitor/storage-guard.ts";

/** What a spool takes from its environment, and tests replace. */
export interface Environment {
  /** The module that keeps a shard. */
  readonly engine: URL;
  /** What that module finds as its thread's `workerData`. */
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

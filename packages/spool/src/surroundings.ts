import { statfs } from "node:fs/promises";
import { engineUrls } from "@rockspool/worker";

/** What a file system says of its space and inodes. */
export interface FreeFigures {
  /** Bytes. */
  readonly bsize: number;
  readonly blocks: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
}

/** What a spool finds around it, and tests replace. */
export interface Surroundings {
  /** The module that keeps a shard. */
  readonly engine: URL;
  /** What that module finds as its thread's `workerData`. */
  readonly workerData: unknown;
  /** The monitor's clock, in epoch milliseconds. */
  now(): number;
  statfs(path: string): Promise<FreeFigures>;
}

export const realSurroundings: Surroundings = {
  engine: engineUrls.rocksdb,
  workerData: null,
  now: Date.now,
  statfs,
};

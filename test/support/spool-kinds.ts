import { rm } from "node:fs/promises";
import { openSpool, type RocksSpool } from "rockspool";
import { openMemorySpool } from "rockspool/testing";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { checkDirectory } from "./check-directory.ts";
import { makeTemporaryDirectory } from "./temporary-directory.ts";

export type OpenOptions = Parameters<typeof openSpool>[0];

export interface SpoolKind {
  readonly name: string;
  open(options: OpenOptions): Promise<RocksSpool>;
  /** Looks at what a clean close left. */
  check(path: string): Promise<void>;
}

/** The real thing. */
export const onRocksDB: SpoolKind = { name: "on RocksDB", open: openSpool, check: (path) => checkDirectory(path) };

/** The same threads, frames, message log and supervision, with an index in memory while it is open. */
export const inMemory: SpoolKind = {
  name: "in memory",
  open: openMemorySpool,
  check: (path) => checkDirectory(path, "in memory"),
};

export const spoolKinds: readonly SpoolKind[] = [onRocksDB, inMemory];

/** A spool that is shut down when the test is over, and its directory checked. */
export async function openForTest(kind: SpoolKind, options: OpenOptions): Promise<RocksSpool> {
  const spool = await openUnchecked(kind, options);
  onTestFinished(() => kind.check(options.path));
  // Hooks run last to first: close, then check.
  onTestFinished(() => spool.shutdown());
  return spool;
}

/** The same for a directory that the test damages: it is closed, but need not be sound. */
export async function openUnchecked(kind: SpoolKind, options: OpenOptions): Promise<RocksSpool> {
  const spool = await kind.open(options);
  onTestFinished(() => spool.shutdown());
  return spool;
}

/**
 * One spool for all tests of the `describe` block that calls this, because to open one takes longer than most tests.
 * Each test uses ids of its own. The spool is closed, and its directory checked, after the last test.
 */
export function sharedSpool(kind: SpoolKind, options: Omit<OpenOptions, "path">): () => RocksSpool {
  let path: string;
  let spool: RocksSpool;
  beforeAll(async () => {
    path = await makeTemporaryDirectory();
    spool = await kind.open({ ...options, path });
  });
  afterAll(async () => {
    try {
      await spool.shutdown();
      await kind.check(path);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  });
  return () => spool;
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A fresh directory for the test that runs, removed when it is over. */
export async function temporaryDirectory(): Promise<string> {
  const path = await makeTemporaryDirectory();
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** One that several tests share: its caller removes it. */
export function makeTemporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "rockspool-test-"));
}

import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTemporaryDirectory } from "../../support/temporary-directory.ts";
import { compileRecorder, type Fault, noRecorder } from "../power/recorder.ts";
import { liveWith } from "./fault-life.ts";

/** One of each kind; the soak tries every call on every file. */
const SOME: readonly Fault[] = [
  { call: "create", files: "*.seg", nth: 2, code: "ENOSPC" },
  { call: "create", files: "*.sst", nth: 1, code: "ENOSPC" },
  { call: "write", files: "*.seg", nth: 1, code: "EIO" },
  { call: "write", files: "*.seg", nth: 3, code: "ENOSPC" },
  { call: "write", files: "*.sst", nth: 1, code: "EIO" },
  { call: "sync", files: "*.seg", nth: 2, code: "EIO" },
  { call: "sync", files: "shard-*-messages", nth: 2, code: "EIO" },
  { call: "write", files: "*.mark.tmp", nth: 2, code: "ENOSPC" },
  { call: "rename", files: "CURRENT", nth: 1, code: "EIO" },
  { call: "rename", files: "*.mark", nth: 2, code: "EIO" },
];
const SEED = 7;

if (noRecorder !== null) console.log(`faults of the file system are not tried: ${noRecorder}`);

describe.skipIf(noRecorder !== null)("one call of the file system that fails", () => {
  let directory: string;
  let library: string;

  beforeAll(async () => {
    directory = await makeTemporaryDirectory();
    library = await compileRecorder(directory);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it.each(SOME)(
    "is told truly and loses nothing: $call of $files, number $nth, $code",
    async (fault) => {
      expect(await liveWith(library, fault, SEED), "it happened").toBe(true);
    },
    180_000,
  );
});

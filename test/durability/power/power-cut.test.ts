import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeTemporaryDirectory } from "../../support/temporary-directory.ts";
import { cutPower, HARSH, recordLife } from "./power-cut.ts";
import { compileRecorder, noRecorder } from "./recorder.ts";

/** At so many moments of each kind. */
const CUTS = 1;
const OPERATIONS = 200;
/** Without the sync at most so many; the first one that loses something is enough. */
const MUTANT_CUTS = 24;

if (noRecorder !== null) console.log(`power cuts are not tried: ${noRecorder}`);

describe.skipIf(noRecorder !== null)("a power cut", () => {
  const seed = Number(process.env.ROCKSPOOL_TEST_SEED ?? Date.now() % 1_000_000);
  let directory: string;
  let library: string;

  beforeAll(async () => {
    console.log(`power cuts: ROCKSPOOL_TEST_SEED=${seed} repeats this run's plan`);
    directory = await makeTemporaryDirectory();
    library = await compileRecorder(directory);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("at any moment loses nothing that was synced", async () => {
    const recording = await recordLife(library, seed, OPERATIONS);
    const { cuts, wrong } = await cutPower(recording, CUTS);
    console.log(`${cuts} power cuts in a life of ${recording.events.length} calls`);
    expect(wrong).toEqual([]);
  }, 300_000);

  it("would be seen to lose something if a new segment's name were not synced", async () => {
    const mutant = new URL("./children/no-directory-sync.mjs", import.meta.url);
    const { cuts, wrong } = await cutPower(await recordLife(library, seed, OPERATIONS, mutant), MUTANT_CUTS, HARSH);
    console.log(`without the sync of the directory power cut number ${cuts} loses something`);
    expect(wrong).not.toEqual([]);
  }, 300_000);
});

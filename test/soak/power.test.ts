import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAULTS, liveWith } from "../durability/faults/fault-life.ts";
import { cutPower, recordLife } from "../durability/power/power-cut.ts";
import { compileRecorder, noRecorder } from "../durability/power/recorder.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

/** At so many moments of each of 17 kinds. */
const CUTS = Number(process.env.ROCKSPOOL_POWER_CUTS ?? 15);

if (noRecorder !== null) console.log(`neither power cuts nor faults are tried: ${noRecorder}`);

describe.skipIf(noRecorder !== null)("a disk that fails", () => {
  const seed = Number(process.env.ROCKSPOOL_TEST_SEED ?? Date.now() % 1_000_000);
  let directory: string;
  let library: string;

  beforeAll(async () => {
    console.log(`ROCKSPOOL_TEST_SEED=${seed} repeats this run's plan`);
    directory = await makeTemporaryDirectory();
    library = await compileRecorder(directory);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("loses nothing that was synced, wherever the power is cut", async () => {
    const recording = await recordLife(library, seed, 400);
    const { cuts, wrong } = await cutPower(recording, CUTS);
    console.log(`${cuts} power cuts in a life of ${recording.events.length} calls, ${wrong.length} lose something`);
    expect(wrong).toEqual([]);
  });

  it.each(
    FAULTS.flatMap((fault) => [
      { ...fault, code: "EIO" as const },
      { ...fault, code: "ENOSPC" as const },
    ]),
  )("is told truly and loses nothing: each $call of $files, $code", async (fault) => {
    let nth = 1;
    while (await liveWith(library, { ...fault, nth }, seed)) nth++;
    console.log(`${fault.call} of ${fault.files}: ${nth - 1} calls failed with ${fault.code}, one at a time`);
    expect(nth).toBeGreaterThan(1);
  });
});

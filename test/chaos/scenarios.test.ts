import { afterAll, describe, it, onTestFailed } from "vitest";
import { scenarios } from "./scenarios/all.ts";
import { fullDisk } from "./scenarios/full-disk.ts";
import { play, type Scenario } from "./scenarios/scenario.ts";
import { Stage } from "./support/stage.ts";
import { cannotMount } from "./support/tmpfs.ts";

/** `npm run chaos` plays them at random on four. */
const SHARDS = 2;
const VICTIM = 1;
const TIMEOUT_MS = 180_000;

describe("one shard of a spool under load", { timeout: TIMEOUT_MS }, () => {
  /** One scenario after another: `play` ends with a restart, so the next begins with a spool that was just opened. */
  let stage: Stage | null = null;

  const endStage = async (): Promise<void> => {
    await stage?.[Symbol.asyncDispose]();
    stage = null;
  };
  const onStage = async (scenario: Scenario): Promise<void> => {
    onTestFailed(async () => {
      console.log(stage?.report());
      await endStage();
    });
    stage ??= await Stage.open(SHARDS);
    await play(scenario, stage, VICTIM);
  };

  afterAll(endStage);

  // Not it.each: its $name is cut at 40 characters.
  for (const scenario of scenarios) it(scenario.name, () => onStage(scenario));

  // Counted as skipped, with the reason in its name, where it cannot be.
  it.skipIf(cannotMount !== null)(`${fullDisk.name}${cannotMount === null ? "" : ` (${cannotMount})`}`, () =>
    onStage(fullDisk),
  );
});

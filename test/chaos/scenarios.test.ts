import { describe, it } from "vitest";
import { scenarios } from "./scenarios/all.ts";
import { fullDisk } from "./scenarios/full-disk.ts";
import { play, type Scenario } from "./scenarios/scenario.ts";
import { Stage } from "./support/stage.ts";
import { cannotMount } from "./support/tmpfs.ts";

const SHARDS = 3;
const VICTIM = 1;
const TIMEOUT_MS = 180_000;

async function onStage(scenario: Scenario): Promise<void> {
  await using stage = await Stage.open(SHARDS);
  await play(scenario, stage, VICTIM);
}

describe("one shard of a spool under load", { timeout: TIMEOUT_MS }, () => {
  it.each(scenarios)("$name", onStage);

  // Counted as skipped, with the reason in its name, where it cannot be.
  it.skipIf(cannotMount !== null)(`${fullDisk.name}${cannotMount === null ? "" : ` (${cannotMount})`}`, () =>
    onStage(fullDisk),
  );
});

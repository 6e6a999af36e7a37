import { rename, rm } from "node:fs/promises";
import { expect } from "vitest";
import { shardPath } from "../../support/shard-files.ts";
import type { Scenario } from "./scenario.ts";

/** What was in the directory is written anew from what the shard has open. */
function removedDirectory(what: string, remove: (directory: string, aside: string) => Promise<void>): Scenario {
  return {
    name: `a shard's directory ${what} under an open spool`,
    async run(stage, victim) {
      const directory = shardPath(stage.path, victim);
      const aside = `${directory}.aside`;
      await remove(directory, aside);
      await stage.untilLatched(victim);
      await stage.expectRefused(victim, /^io: /);
      const { reason } = stage.health(victim);
      const loads = stage.cargo(victim).map((message) => stage.ledger.load(stage.spool, message));
      expect(
        (await Promise.all(loads)).every((came) => came),
        "what is open is still read",
      ).toBe(true);
      await stage.untilServed(victim);
      await rm(aside, { recursive: true, force: true });
      return String(reason);
    },
  };
}

export const removedDirectories: readonly Scenario[] = [
  removedDirectory("removed", (directory) => rm(directory, { recursive: true, maxRetries: 10 })),
  removedDirectory("moved away", rename),
];

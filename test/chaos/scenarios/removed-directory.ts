import { rename, rm } from "node:fs/promises";
import { expect } from "vitest";
import { indexPath, logPath } from "../../support/shard-files.ts";
import { expectCargo, type Scenario } from "./scenario.ts";

type Directory = (spool: string, shard: number) => string | Promise<string>;

/**
 * Of the log, what was in the directory is written anew from what the shard has open; the index is made anew from the
 * log.
 */
function removedDirectory(
  what: string,
  directoryOf: Directory,
  done: string,
  remove: (directory: string, aside: string) => Promise<void>,
): Scenario {
  return {
    name: `${what} ${done} under an open spool`,
    async run(stage, victim) {
      const directory = await directoryOf(stage.path, victim);
      const aside = `${stage.path}.aside`;
      await remove(directory, aside);
      await stage.untilLatched(victim);
      await stage.expectRefused(victim, /^io: /);
      const { reason } = stage.health(victim);
      await expectCargo(stage, victim, "what is open is still read");
      await stage.untilServed(victim);
      await rm(aside, { recursive: true, force: true });
      await expectCargo(stage, victim, "every message is there");
      return String(reason);
    },
  };
}

const remove = (directory: string): Promise<void> => rm(directory, { recursive: true, maxRetries: 10 });

export const removedDirectories: readonly Scenario[] = [
  removedDirectory("the index's directory", indexPath, "removed", remove),
  removedDirectory("the index's directory", indexPath, "moved away", rename),
  removedDirectory("the message log's directory", logPath, "removed", remove),
  removedDirectory("the message log's directory", logPath, "moved away", rename),
  {
    name: "the index's directory removed while closed",
    async run(stage, victim) {
      await stage.restart(async () => rm(await indexPath(stage.path, victim), { recursive: true }));
      expect(stage.health(victim)).toMatchObject({ state: "open", latched: false });
      expect(stage.alarms.join("\n")).toMatch(/the index is made anew/);
      await expectCargo(stage, victim, "every message is in the new index");
      return stage.alarms.find((line) => line.includes("made anew")) ?? "";
    },
  },
];

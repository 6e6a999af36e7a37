import { readFileSync, truncateSync } from "node:fs";
import { expect } from "vitest";
import { rejection } from "../../support/rejection.ts";
import { overwrite } from "../support/damage.ts";
import type { Stage } from "../support/stage.ts";
import { cargoInTable, failureOfEnumeration, foundBy, type Scenario, unreadable } from "./scenario.ts";

/** A table is cut short, within a message, under an open spool; when somebody has found it, it is made whole again. */
function truncatedTable(finder: string, find: (stage: Stage, victim: number) => Promise<unknown>): Scenario {
  return {
    name: `a table cut short under an open spool, found by ${finder}`,
    async run(stage, victim) {
      const { place } = await cargoInTable(stage, victim);
      const whole = readFileSync(place.file);
      truncateSync(place.file, place.offset);
      const error = await foundBy(find, stage, victim);
      overwrite(place.file, whole);
      await stage.untilServed(victim);
      return `${error.kind}: ${error.message}`;
    },
  };
}

export const truncatedTables: readonly Scenario[] = [
  truncatedTable("a compaction", async (stage, victim) => {
    const error = await rejection(stage.spool.compact());
    expect(error).toMatchObject({ shards: [victim] });
    return error;
  }),
  truncatedTable("a load", async (stage, victim) => {
    for (const { id } of stage.cargo(victim)) {
      const error = await stage.spool.load(id).then(
        () => null,
        (failure: unknown) => failure,
      );
      if (error !== null) return error;
    }
    return expect.fail("every message could be loaded");
  }),
  truncatedTable("an enumeration", failureOfEnumeration),
  {
    name: "a table cut short and not repaired while the spool is open",
    async run(stage, victim) {
      const { place } = await cargoInTable(stage, victim);
      const whole = readFileSync(place.file);
      truncateSync(place.file, place.offset);
      await stage.stopLoad();
      const lost = await unreadable(stage, victim);
      await stage.ledger.expectKept(stage.spool, lost);
      await stage.restart();
      expect(stage.health(victim)).toMatchObject({ state: "down" });
      await stage.expectRefused(victim, /./);
      stage.expectOthersUntouched(victim);
      overwrite(place.file, whole);
      await stage.untilServed(victim);
      return `${lost.size} messages unreadable; down after the restart`;
    },
  },
];

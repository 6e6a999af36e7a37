import { expect } from "vitest";
import { rejection } from "../../support/rejection.ts";
import { cutInHalf } from "../support/damage.ts";
import type { Stage } from "../support/stage.ts";
import { expectCargo, expectDamage, failureOfEnumeration, foundBy, type Scenario, tableOfIndex } from "./scenario.ts";

const MADE_ANEW = /is made anew/;

/**
 * A table of the index is cut short under an open spool. When somebody has found it, the index is made anew, and nobody
 * repairs it.
 */
function truncatedTable(finder: string, find: (stage: Stage, victim: number) => Promise<unknown>): Scenario {
  return {
    name: `a table cut short under an open spool, found by ${finder}`,
    async run(stage, victim) {
      cutInHalf(await tableOfIndex(stage, victim));
      const error = await foundBy(find, stage, victim);
      await stage.untilServed(victim);
      expect(stage.alarms.join("\n")).toMatch(MADE_ANEW);
      await expectCargo(stage, victim, "every message is in the new index");
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
      if (error !== null) return expectDamage(error);
    }
    return expect.fail("every message could be loaded");
  }),
  truncatedTable("an enumeration", failureOfEnumeration),
  {
    name: "a table cut short while closed",
    async run(stage, victim) {
      const table = await tableOfIndex(stage, victim);
      await stage.restart(async () => cutInHalf(table));
      expect(stage.health(victim)).toMatchObject({ state: "open", latched: false });
      expect(stage.alarms.join("\n")).toMatch(MADE_ANEW);
      await expectCargo(stage, victim, "every message is in the new index");
      return stage.alarms.find((line) => MADE_ANEW.test(line)) ?? "";
    },
  },
];

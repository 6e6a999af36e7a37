import { expect } from "vitest";
import { rejection } from "../../support/rejection.ts";
import { until } from "../../support/until.ts";
import { flipByte, placeInTables } from "../support/damage.ts";
import type { Message } from "../support/ledger.ts";
import { PATIENCE_MS, type Stage } from "../support/stage.ts";
import {
  corruptEntry,
  DAMAGE,
  expectCargo,
  expectDamage,
  findCargo,
  foundBy,
  type Scenario,
  unreadable,
} from "./scenario.ts";

const BIT = 1;

export const flippedBits: readonly Scenario[] = [
  {
    name: "a bit flipped in a message's body: that message fails, all others are served",
    async run(stage, victim) {
      const { message, place } = await findCargo(stage, victim);
      flipByte(place.file, place.offset, BIT);
      const error = expectDamage(await rejection(stage.spool.load(message.id)));
      expect(error.kind).toBe("corruption");
      await stage.expectRefused(victim, DAMAGE);
      await stage.stopLoad();
      const lost = await unreadable(stage, victim);
      expect([...lost]).toEqual([String(message.id)]);
      await stage.ledger.expectKept(stage.spool, lost);
      flipByte(place.file, place.offset, BIT);
      await stage.untilServed(victim);
      return `${error.kind}: ${error.message}`;
    },
  },
  {
    name: "a bit flipped in a message's body while closed, found by an enumeration",
    async run(stage, victim) {
      await stage.close();
      const { message, place } = await findCargo(stage, victim);
      flipByte(place.file, place.offset, BIT);
      await stage.open();
      expect(stage.health(victim), "nobody knows yet").toMatchObject({ state: "open", latched: false });
      const { key, error } = await corruptEntry(stage);
      expect(key).toBe(String(message.id));
      expectDamage(error);
      await stage.untilLatched(victim);
      await stage.expectRefused(victim, DAMAGE);
      flipByte(place.file, place.offset, BIT);
      stage.startLoad();
      await stage.untilServed(victim);
      return error.message;
    },
  },
  {
    name: "a bit flipped in the index: it is made anew, and every message is served",
    async run(stage, victim) {
      const { message, file, offset } = await entryOfCargo(stage, victim);
      flipByte(file, offset, BIT);
      const error = await foundBy(() => rejection(stage.spool.load(message.id)), stage, victim);
      await stage.untilServed(victim);
      await expectCargo(stage, victim, "every message is in the new index");
      return `${error.kind}: ${error.message}`;
    },
  },
];

/** A message of the cargo, and where its entry lies in a table that nothing has read yet. */
async function entryOfCargo(stage: Stage, victim: number): Promise<{ message: Message; file: string; offset: number }> {
  await stage.spool.compact();
  return until(
    "an entry of the cargo is in a table",
    async () => {
      // A table's keys are compressed: the first of a group alone is there as a whole.
      for (const message of stage.cargo(victim)) {
        const place = await placeInTables(stage.path, victim, message.id);
        if (place !== null) return { message, ...place };
      }
      return null;
    },
    PATIENCE_MS,
  );
}

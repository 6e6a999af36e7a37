import { expect } from "vitest";
import { payload } from "../../support/payload.mjs";
import { rejection } from "../../support/rejection.ts";
import { flipByte, placeInTables } from "../support/damage.ts";
import {
  cargoInTable,
  DAMAGE,
  expectDamage,
  failureOfEnumeration,
  findCargo,
  foundBy,
  type Scenario,
  unreadable,
} from "./scenario.ts";

const BIT = 1;
/** A block is 4 KiB of messages, and a message that begins within them ends it. */
const MAX_DISTANCE = 4096 + 5000;

export const flippedBits: readonly Scenario[] = [
  {
    name: "a bit flipped in one block: its messages fail, all others are served",
    async run(stage, victim) {
      const { message, place } = await cargoInTable(stage, victim);
      flipByte(place.file, place.offset, BIT);
      const error = expectDamage(await rejection(stage.spool.load(message.id)));
      await stage.expectRefused(victim, DAMAGE);
      await stage.stopLoad();
      const lost = await unreadable(stage, victim);
      expect(lost).toContain(String(message.id));
      for (const { id, seed, size } of stage.ledger.acknowledgedOn(victim)) {
        if (!lost.has(String(id))) continue;
        flipByte(place.file, place.offset, BIT);
        const other = await placeInTables(stage.path, victim, payload(seed, size));
        flipByte(place.file, place.offset, BIT);
        expect(other?.file).toBe(place.file);
        expect(Math.abs((other?.offset ?? 0) - place.offset), `${id} is in that block`).toBeLessThan(MAX_DISTANCE);
      }
      await stage.ledger.expectKept(stage.spool, lost);
      flipByte(place.file, place.offset, BIT);
      await stage.untilServed(victim);
      return `${lost.size} messages failed: ${error.kind}: ${error.message}`;
    },
  },
  {
    name: "a bit flipped while closed, where nothing but an enumeration runs after the restart",
    async run(stage, victim) {
      await stage.spool.compact();
      await stage.close();
      const { place } = await findCargo(stage, victim);
      flipByte(place.file, place.offset, BIT);
      await stage.open();
      expect(stage.health(victim), "the damage is not detected yet").toMatchObject({ state: "open", latched: false });
      const error = await foundBy(failureOfEnumeration, stage, victim);
      flipByte(place.file, place.offset, BIT);
      stage.startLoad();
      await stage.untilServed(victim);
      return `${error.kind}: ${error.message}`;
    },
  },
];

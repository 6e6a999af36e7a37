import type { Latch } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { TransitionHistory } from "./transition-history.ts";

const MAX_TRANSITIONS = 16;
const LATCH: Latch = { kind: "io", reason: "the disk is gone", atMs: 1000 };
const LATCHED = { at: new Date(1000), latched: true, reason: "the disk is gone" };
const UNLATCHED = { at: new Date(2000), latched: false, reason: "by force" };

describe("a history of transitions", () => {
  it("is empty at first, and takes no latch from an open gate", () => {
    const history = new TransitionHistory();
    expect([history.isNew(null), history.with(null)]).toEqual([false, []]);
  });

  it("shows a new latch without adding it", () => {
    const history = new TransitionHistory();
    for (let look = 0; look < 2; look++) expect(history.with(LATCH)).toEqual([LATCHED]);
    expect([history.isNew(LATCH), history.with(null)]).toEqual([true, []]);
  });

  it("has a latch once, until the next unlatch", () => {
    const history = new TransitionHistory();
    history.addLatch(LATCH);
    expect([history.isNew(LATCH), history.with(LATCH)]).toEqual([false, [LATCHED]]);
    history.addUnlatch(UNLATCHED.at, UNLATCHED.reason);
    expect(history.with(null)).toEqual([LATCHED, UNLATCHED]);
    const again = { ...LATCH, atMs: 3000 };
    expect(history.isNew(again)).toBe(true);
    expect(history.with(again)).toEqual([LATCHED, UNLATCHED, { ...LATCHED, at: new Date(3000) }]);
  });

  it("keeps the last 16", () => {
    const history = new TransitionHistory();
    for (let round = 0; round < MAX_TRANSITIONS; round++) {
      history.addLatch({ ...LATCH, atMs: round });
      history.addUnlatch(new Date(round), "by force");
    }
    const kept = history.with(null);
    expect(kept).toHaveLength(MAX_TRANSITIONS);
    expect(kept[0]).toEqual({ ...LATCHED, at: new Date(8) });
    const shown = history.with({ ...LATCH, atMs: 99 });
    expect(shown).toHaveLength(MAX_TRANSITIONS);
    expect([shown[0], shown.at(-1)]).toEqual([kept[1], { ...LATCHED, at: new Date(99) }]);
  });

  it("gives a list of the caller's own", () => {
    const history = new TransitionHistory();
    history.addLatch(LATCH);
    history.with(null).length = 0;
    expect(history.with(null)).toEqual([LATCHED]);
  });
});

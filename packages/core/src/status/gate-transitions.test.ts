import { describe, expect, it, vi } from "vitest";
import { ShardGate } from "./gate.ts";
import { LATCH_KINDS, type LatchKind, UNLATCH_KINDS, type UnlatchKind } from "./latch-kind.ts";
import { createStatusMemory } from "./shard-status.ts";

const KINDS: readonly (LatchKind | UnlatchKind)[] = [...LATCH_KINDS, ...UNLATCH_KINDS];

function oneGate(memory = createStatusMemory(1)): ShardGate {
  return new ShardGate(memory, 0);
}

/** The count of each kind, without zeros. */
function counts(gate: ShardGate): Partial<Record<LatchKind | UnlatchKind, number>> {
  const all = KINDS.map((kind) => [kind, gate.transitions(kind)] as const);
  return Object.fromEntries(all.filter(([, count]) => count > 0));
}

describe("the kinds of transitions", () => {
  it.each(LATCH_KINDS)("a latch of the kind %s is counted once, and shown while it lasts", (kind) => {
    const gate = oneGate();
    expect([gate.latchedFor, counts(gate), gate.latches]).toStrictEqual([null, {}, 0]);
    gate.latch("why", 1_000, kind);
    for (const later of LATCH_KINDS) gate.latch("again", 2_000, later);
    expect([gate.latchedFor?.kind, counts(gate), gate.latches]).toStrictEqual([kind, { [kind]: 1 }, 1]);
    gate.clear(0, "proof");
    expect([gate.latchedFor, gate.latches]).toStrictEqual([null, 1]);
  });

  it("are counted in the shared memory: a later view sees all", () => {
    const memory = createStatusMemory(2);
    const gate = new ShardGate(memory, 1);
    KINDS.forEach((_, round) => {
      for (const [i, kind] of LATCH_KINDS.entries()) {
        if (i > round) continue;
        gate.latch("why", 1_000, kind);
        gate.clear(0, UNLATCH_KINDS[i % 2] as UnlatchKind);
      }
    });
    const [corruption, ...others] = LATCH_KINDS.map((kind) => new ShardGate(memory, 1).transitions(kind));
    expect([corruption, ...others]).toStrictEqual([9, 8, 7, 6, 5, 4, 3]);
    expect(UNLATCH_KINDS.map((kind) => gate.transitions(kind))).toStrictEqual([9 + 7 + 5 + 3, 8 + 6 + 4]);
    expect([gate.latches, new ShardGate(memory, 1).latches]).toStrictEqual([42, 42]);
    expect(counts(new ShardGate(memory, 0))).toStrictEqual({});
  });

  it("a clear that is refused, because of an earlier error, counts as no transition", () => {
    const gate = oneGate();
    gate.latch("the disk is gone", 1_000, "io");
    gate.countForegroundError();
    gate.clear(0, "force");
    expect([gate.latchedFor?.kind, counts(gate)]).toStrictEqual(["io", { io: 1 }]);
  });

  /** Runs `other`, as another thread would, right before or right after the store that opens the gate. */
  function duringClear(when: "before" | "after", gate: ShardGate, other: () => void): void {
    let stores = 0;
    vi.spyOn(Atomics, "store").mockImplementation((words, index, value) => {
      const last = ++stores === 2;
      if (last && when === "before") other();
      words[index] = value;
      if (last && when === "after") other();
      return value;
    });
    expect(gate.clear(0, "proof")).toBe(false);
    vi.restoreAllMocks();
  }

  it("a clear that latches again counts as no transition", () => {
    const memory = createStatusMemory(1);
    const [gate, other] = [oneGate(memory), oneGate(memory)];
    gate.latch("the disk is gone", 1_000, "io");
    duringClear("before", gate, () => {
      other.countForegroundError();
      other.latch("a table is broken", 2_000, "corruption");
    });
    expect([gate.latchedFor?.kind, counts(gate)]).toStrictEqual(["errors", { io: 1 }]);
  });

  it("a clear that another thread's latch follows at once counts, and so does that latch", () => {
    const memory = createStatusMemory(1);
    const [gate, other] = [oneGate(memory), oneGate(memory)];
    gate.latch("the disk is gone", 1_000, "io");
    duringClear("after", gate, () => {
      other.countForegroundError();
      other.latch("a table is broken", 2_000, "corruption");
    });
    expect(gate.latchedFor).toStrictEqual({ kind: "corruption", reason: "a table is broken", atMs: 2_000 });
    expect(counts(gate)).toStrictEqual({ io: 1, corruption: 1, proof: 1 });
  });
});

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { ShardGate } from "./gate.ts";
import { createStatusMemory } from "./shard-status.ts";

/** Of a shard's 1,024 bytes. */
const MAX_REASON_BYTES = 320;

function oneGate(memory = createStatusMemory(1)): ShardGate {
  return new ShardGate(memory, 0);
}

/** Runs `look` before `latch` stores the reason's length: the gate is latched, its reason not visible. */
function beforeReasonIsStored(latch: () => void, look: () => void): void {
  vi.spyOn(Atomics, "store").mockImplementationOnce((words, index, value) => {
    look();
    words[index] = value;
    return value;
  });
  latch();
}

/** A gate whose thread died between latching it and storing its reason. */
function unexplainedGate(): ShardGate {
  const memory = createStatusMemory(1);
  const dead = oneGate(memory);
  vi.spyOn(Atomics, "store").mockImplementationOnce(() => {
    throw new Error("the thread died");
  });
  expect(() => dead.latch("never told", 1_000, "io")).toThrow("the thread died");
  return oneGate(memory);
}

describe("the latch", () => {
  it("is made by one call: the first, whose reason and time stay", () => {
    const gate = oneGate();
    expect(gate.latched).toBe(false);
    expect(gate.latchedFor).toBeNull();
    expect(gate.latch("first", 1_000, "io")).toBe(true);
    expect(gate.latch("second, and longer", 2_000, "corruption")).toBe(false);
    expect(gate.latched).toBe(true);
    expect(gate.latchedFor).toStrictEqual({ kind: "io", reason: "first", atMs: 1_000 });
  });

  it.each([
    ["nothing", ""],
    ["just what fits", "x".repeat(MAX_REASON_BYTES)],
    ["two bytes a character", "ö".repeat(MAX_REASON_BYTES / 2)],
    ["four bytes a character", "🪨".repeat(MAX_REASON_BYTES / 4)],
  ])("keeps a reason of %s whole", (_, reason) => {
    const gate = oneGate();
    gate.latch(reason, 0, "io");
    expect(gate.latchedFor?.reason).toBe(reason);
  });

  it.each([
    ["one character too many", "x".repeat(MAX_REASON_BYTES + 1), "x".repeat(MAX_REASON_BYTES)],
    ["a last character of two bytes, of which one fits", `${"x".repeat(319)}ö`, "x".repeat(319)],
    ["a last character of four bytes, of which three fit", `${"x".repeat(317)}🪨`, "x".repeat(317)],
    ["a last character of three bytes, of which two fit", `${"x".repeat(318)}岩`, "x".repeat(318)],
  ])("cuts %s", (_, reason, kept) => {
    const gate = oneGate();
    gate.latch(reason, 0, "io");
    expect(gate.latchedFor?.reason).toBe(kept);
  });

  it("shows the longest prefix of any reason that fits, in whole characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 350, size: "max" }), (reason) => {
        const gate = oneGate();
        gate.latch(reason, 0, "io");
        const shown = gate.latchedFor?.reason ?? expect.fail("no reason");
        expect(reason.startsWith(shown)).toBe(true);
        const left = [...reason.slice(shown.length)];
        const bytes = Buffer.byteLength(shown);
        expect(bytes).toBeLessThanOrEqual(MAX_REASON_BYTES);
        if (left.length > 0) expect(bytes + Buffer.byteLength(left[0] as string)).toBeGreaterThan(MAX_REASON_BYTES);
      }),
    );
  });
});

describe("a latch whose reason is not stored yet", () => {
  it("shows no kind, reason or time, and the gate is latched", () => {
    const memory = createStatusMemory(1);
    const [gate, view] = [oneGate(memory), oneGate(memory)];
    beforeReasonIsStored(
      () => gate.latch("the disk is gone", 1_000, "io"),
      () => expect([view.latched, view.latchedFor]).toStrictEqual([true, null]),
    );
    expect(view.latchedFor).toStrictEqual({ kind: "io", reason: "the disk is gone", atMs: 1_000 });
    expect.assertions(2);
  });

  it("is read without blocking, even where the reason never comes", () => {
    const wait = vi.spyOn(Atomics, "wait");
    const gate = unexplainedGate();
    expect(gate.latchedFor).toBeNull();
    expect(wait).not.toHaveBeenCalled();
    expect(gate.latched).toBe(true);
  });

  it("is explained by the main thread, and counted, where the thread has died", () => {
    const gate = unexplainedGate();
    expect(gate.latches).toBe(0);
    gate.explain("its thread died", 2_000, "errors");
    expect(gate.latchedFor).toStrictEqual({ kind: "errors", reason: "its thread died", atMs: 2_000 });
    expect([gate.latches, gate.transitions("errors"), gate.transitions("io")]).toStrictEqual([1, 1, 0]);
    gate.explain("a second time", 3_000, "down");
    expect(gate.latchedFor?.reason).toBe("its thread died");
    expect(gate.latches).toBe(1);
  });

  it("can be cleared, and the next latch shows its own reason", () => {
    const gate = unexplainedGate();
    expect(gate.clear(0, "force")).toBe(true);
    expect([gate.latched, gate.latchedFor]).toStrictEqual([false, null]);
    gate.latch("new", 2_000, "operator");
    expect(gate.latchedFor).toStrictEqual({ kind: "operator", reason: "new", atMs: 2_000 });
  });
});

describe("explaining", () => {
  it("does nothing to an open gate", () => {
    const gate = oneGate();
    gate.explain("its thread died", 1_000, "errors");
    expect([gate.latched, gate.latchedFor, gate.latches]).toStrictEqual([false, null, 0]);
    gate.latch("the first reason", 2_000, "io");
    expect(gate.latchedFor).toStrictEqual({ kind: "io", reason: "the first reason", atMs: 2_000 });
  });

  it.each(["the disk is gone", ""])("leaves a reason that is stored, %j, and counts nothing", (reason) => {
    const gate = oneGate();
    gate.latch(reason, 1_000, "io");
    gate.explain("its thread died", 2_000, "errors");
    expect(gate.latchedFor).toStrictEqual({ kind: "io", reason, atMs: 1_000 });
    expect([gate.latches, gate.transitions("errors")]).toStrictEqual([1, 0]);
  });
});

describe("clearing", () => {
  it("opens the gate, forgets reason and errors; another latch has its own reason", () => {
    const gate = oneGate();
    gate.countForegroundError();
    gate.latch("a reason that is longer than the next", 1_000, "io");
    expect(gate.clear(1, "proof")).toBe(true);
    expect([gate.latched, gate.latchedFor, gate.foregroundErrors]).toStrictEqual([false, null, 0]);
    expect(gate.latch("short", 2_000, "io")).toBe(true);
    expect(gate.latched).toBe(true);
    expect(gate.latchedFor).toStrictEqual({ kind: "io", reason: "short", atMs: 2_000 });
  });

  it("shows nothing of the old reason while the next one is being stored", () => {
    const memory = createStatusMemory(1);
    const gate = oneGate(memory);
    gate.latch("the old reason", 1_000, "io");
    gate.clear(0, "proof");
    beforeReasonIsStored(
      () => gate.latch("new", 2_000, "io"),
      () => expect([gate.latched, oneGate(memory).latchedFor]).toStrictEqual([true, null]),
    );
    expect(gate.latchedFor?.reason).toBe("new");
    expect.assertions(2);
  });

  it("does nothing if another error was counted meanwhile: the gate stays latched", () => {
    const gate = oneGate();
    gate.latch("io: the disk is gone", 1_000, "io");
    gate.countForegroundError();
    expect(gate.clear(0, "proof")).toBe(false);
    expect(gate.latched).toBe(true);
    expect(gate.latchedFor).toStrictEqual({ kind: "io", reason: "io: the disk is gone", atMs: 1_000 });
    expect(gate.foregroundErrors).toBe(1);
  });

  it("latches again if an error is counted while the gate is being opened", () => {
    const memory = createStatusMemory(1);
    const gate = oneGate(memory);
    gate.latch("io", 1_000, "io");
    // The other thread counts its error after `clear` has read the count, and finds the gate still latched.
    const store = vi.spyOn(Atomics, "store").mockImplementationOnce((words, index, value) => {
      const other = oneGate(memory);
      other.countForegroundError();
      expect(other.latch("corruption", 2_000, "io")).toBe(false);
      words[index] = value;
      return value;
    });
    expect(gate.clear(0, "proof")).toBe(false);
    store.mockRestore();
    expect([gate.latched, gate.foregroundErrors]).toStrictEqual([true, 1]);
    expect(gate.latchedFor?.reason).toBe("an error came while the gate was being opened");
  });
});

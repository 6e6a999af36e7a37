import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createStatusMemory, SAMPLE_FIELDS, type Sample, ShardGate } from "./gate.ts";

/** Room for the reason in a shard's 1,024 bytes. */
const MAX_REASON_BYTES = 320;
const CACHE_LINE_BYTES = 64;

function oneGate(): ShardGate {
  return new ShardGate(createStatusMemory(1), 0);
}

function sampleOf(base: number): Sample {
  return Object.fromEntries(SAMPLE_FIELDS.map((field, index) => [field, base + index])) as Sample;
}

/** Writes all that there is to write. */
function fill(gate: ShardGate): void {
  gate.latch("é".repeat(MAX_REASON_BYTES), Number.MAX_VALUE, "io");
  gate.countForegroundError();
  gate.beat();
  gate.writeSample(sampleOf(1e300));
}

describe("the layout", () => {
  const SHARDS = 5;

  it.each([...Array(SHARDS).keys()])("shard %i shares no byte and no cache line with another", (shard) => {
    const memory = createStatusMemory(SHARDS);
    const stride = memory.byteLength / SHARDS;
    expect(stride % CACHE_LINE_BYTES).toBe(0);
    fill(new ShardGate(memory, shard));
    const touched = [...new Uint8Array(memory)].flatMap((byte, at) => (byte === 0 ? [] : [at]));
    expect(Math.min(...touched)).toBeGreaterThanOrEqual(shard * stride);
    expect(Math.max(...touched)).toBeLessThan((shard + 1) * stride);
    for (let other = 0; other < SHARDS; other++) {
      if (other === shard) continue;
      const { latched, reason, latchedAtMs, foregroundErrors, heartbeat } = new ShardGate(memory, other);
      expect({ latched, reason, latchedAtMs, foregroundErrors, heartbeat }).toStrictEqual({
        latched: false,
        reason: null,
        latchedAtMs: null,
        foregroundErrors: 0,
        heartbeat: 0,
      });
    }
  });

  it("within a shard no field runs into another", () => {
    const gate = oneGate();
    const sample = sampleOf(1_000);
    gate.countForegroundError();
    gate.beat();
    gate.beat();
    gate.writeSample(sample);
    gate.latch("a".repeat(MAX_REASON_BYTES), 12.5, "io");
    expect(gate.readSample()).toStrictEqual(sample);
    expect([gate.foregroundErrors, gate.heartbeat, gate.latchedAtMs]).toStrictEqual([1, 2, 12.5]);
    gate.writeSample(sampleOf(-5));
    expect([gate.reason, gate.latchedAtMs]).toStrictEqual(["a".repeat(MAX_REASON_BYTES), 12.5]);
    expect([gate.latched, gate.foregroundErrors, gate.heartbeat]).toStrictEqual([true, 1, 2]);
  });

  it("two views of one shard see the same", () => {
    const memory = createStatusMemory(2);
    new ShardGate(memory, 1).latch("io: the disk is gone", 3, "io");
    expect(new ShardGate(memory, 1).reason).toBe("io: the disk is gone");
    expect(new ShardGate(memory, 0).latched).toBe(false);
  });
});

describe("the latch", () => {
  it("is made by one call: the first, whose reason and time stay", () => {
    const gate = oneGate();
    expect(gate.latched).toBe(false);
    expect(gate.reason).toBeNull();
    expect(gate.latchedAtMs).toBeNull();
    expect(gate.latch("first", 1_000, "io")).toBe(true);
    expect(gate.latch("second, and longer", 2_000, "io")).toBe(false);
    expect([gate.latched, gate.reason, gate.latchedAtMs]).toStrictEqual([true, "first", 1_000]);
  });

  it.each([
    ["nothing", ""],
    ["just what fits", "x".repeat(MAX_REASON_BYTES)],
    ["two bytes a character", "ö".repeat(MAX_REASON_BYTES / 2)],
    ["four bytes a character", "🪨".repeat(MAX_REASON_BYTES / 4)],
  ])("keeps a reason of %s whole", (_, reason) => {
    const gate = oneGate();
    gate.latch(reason, 0, "io");
    expect(gate.reason).toBe(reason);
  });

  it.each([
    ["one character too many", "x".repeat(MAX_REASON_BYTES + 1), "x".repeat(MAX_REASON_BYTES)],
    ["a last character of two bytes, of which one fits", `${"x".repeat(319)}ö`, "x".repeat(319)],
    ["a last character of four bytes, of which three fit", `${"x".repeat(317)}🪨`, "x".repeat(317)],
    ["a last character of three bytes, of which two fit", `${"x".repeat(318)}岩`, "x".repeat(318)],
  ])("cuts %s", (_, reason, kept) => {
    const gate = oneGate();
    gate.latch(reason, 0, "io");
    expect(gate.reason).toBe(kept);
  });

  it("shows a beginning of any reason, in whole characters, as much as fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 350, size: "max" }), (reason) => {
        const gate = oneGate();
        gate.latch(reason, 0, "io");
        const shown = gate.reason ?? "";
        expect(reason.startsWith(shown)).toBe(true);
        const left = [...reason.slice(shown.length)];
        const bytes = Buffer.byteLength(shown);
        expect(bytes).toBeLessThanOrEqual(MAX_REASON_BYTES);
        if (left.length > 0) expect(bytes + Buffer.byteLength(left[0] as string)).toBeGreaterThan(MAX_REASON_BYTES);
      }),
    );
  });
});

describe("clearing", () => {
  it("opens the gate, forgets reason and errors, and lets it be latched again for another reason", () => {
    const gate = oneGate();
    gate.countForegroundError();
    gate.beat();
    gate.latch("a long reason that must not shine through", 1_000, "io");
    expect(gate.clear(1, "proof")).toBe(true);
    expect([gate.latched, gate.reason, gate.latchedAtMs]).toStrictEqual([false, null, null]);
    expect([gate.foregroundErrors, gate.heartbeat]).toStrictEqual([0, 1]);
    expect(gate.latch("short", 2_000, "io")).toBe(true);
    expect([gate.latched, gate.reason, gate.latchedAtMs]).toStrictEqual([true, "short", 2_000]);
  });

  it("leaves nothing of the old reason to be read while the next one is being written", () => {
    const memory = createStatusMemory(1);
    const gate = new ShardGate(memory, 0);
    gate.latch("the old reason", 1_000, "io");
    gate.clear(0, "proof");
    // The last thing that latching does: by now the gate is latched, and the new text lies where the old one was.
    vi.spyOn(Atomics, "store").mockImplementationOnce((words, index, value) => {
      expect([gate.latched, new ShardGate(memory, 0).reason]).toStrictEqual([true, ""]);
      words[index] = value;
      return value;
    });
    gate.latch("new", 2_000, "io");
    expect(gate.reason).toBe("new");
  });

  it("does nothing where an error came since they were seen: the gate stays as that error left it", () => {
    const gate = oneGate();
    gate.latch("io: the disk is gone", 1_000, "io");
    gate.countForegroundError();
    expect(gate.clear(0, "proof")).toBe(false);
    expect([gate.latched, gate.reason, gate.latchedAtMs]).toStrictEqual([true, "io: the disk is gone", 1_000]);
    expect(gate.foregroundErrors).toBe(1);
  });

  it("is taken back where an error comes in the middle of it", () => {
    const memory = createStatusMemory(1);
    const gate = new ShardGate(memory, 0);
    gate.latch("io", 1_000, "io");
    // The other thread's error: counted between the look at the errors and the opening, its latch finds the gate latched.
    const store = vi.spyOn(Atomics, "store").mockImplementationOnce((words, index, value) => {
      const other = new ShardGate(memory, 0);
      other.countForegroundError();
      expect(other.latch("corruption", 2_000, "io")).toBe(false);
      words[index] = value;
      return value;
    });
    expect(gate.clear(0, "proof")).toBe(false);
    store.mockRestore();
    expect([gate.latched, gate.foregroundErrors]).toStrictEqual([true, 1]);
    expect(gate.reason).toBe("an error came while the gate was being opened");
  });
});

describe("counts and figures", () => {
  it("errors and beats are counted one by one", () => {
    const gate = oneGate();
    for (let count = 1; count <= 3; count++) {
      gate.countForegroundError();
      expect([gate.foregroundErrors, gate.heartbeat]).toStrictEqual([count, count - 1]);
      gate.beat();
      expect([gate.foregroundErrors, gate.heartbeat]).toStrictEqual([count, count]);
    }
  });

  it("a sample reads as it was written, field by field; before the first one it is all zero", () => {
    const gate = oneGate();
    expect(gate.readSample()).toStrictEqual(Object.fromEntries(SAMPLE_FIELDS.map((field) => [field, 0])));
    const anySample = fc.record(
      Object.fromEntries(SAMPLE_FIELDS.map((field) => [field, fc.double({ noNaN: true })])),
    ) as fc.Arbitrary<Sample>;
    fc.assert(
      fc.property(anySample, (sample) => {
        gate.writeSample(sample);
        expect({ ...gate.readSample() }).toStrictEqual({ ...sample });
      }),
    );
  });
});

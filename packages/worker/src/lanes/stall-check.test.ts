import { describe, expect, it } from "vitest";
import { FakeEngine } from "../../test/fake-engine.ts";
import { Admission, type AdmissionLimits } from "./stall-check.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const defaults: AdmissionLimits = { level0StopWritesTrigger: null, writeBufferSize: null };

interface Case {
  readonly what: string;
  readonly figures: Record<string, number>;
  readonly limits?: Partial<AdmissionLimits>;
  readonly batchBytes?: number;
  readonly stalls: boolean;
}

const cases: Case[] = [
  { what: "nothing to wait for", figures: {}, stalls: false },
  { what: "writes are stopped", figures: { "is-write-stopped": 1 }, stalls: true },
  { what: "writes are slowed down", figures: { "actual-delayed-write-rate": 16 * MIB }, stalls: true },
  { what: "level 0 below the slowdown", figures: { "num-files-at-level0": 19 }, stalls: false },
  { what: "level 0 at the slowdown", figures: { "num-files-at-level0": 20 }, stalls: true },
  {
    what: "level 0 below a trigger of its own",
    figures: { "num-files-at-level0": 3 },
    limits: { level0StopWritesTrigger: 4 },
    stalls: false,
  },
  {
    what: "level 0 at a trigger of its own",
    figures: { "num-files-at-level0": 4 },
    limits: { level0StopWritesTrigger: 4 },
    stalls: true,
  },
  {
    what: "a trigger above the slowdown, which comes first",
    figures: { "num-files-at-level0": 20 },
    limits: { level0StopWritesTrigger: 36 },
    stalls: true,
  },
  { what: "a full memtable and none that waits", figures: { "cur-size-active-mem-table": 64 * MIB }, stalls: false },
  {
    what: "a memtable that waits, and a batch that fills the next: there is a third",
    figures: { "num-immutable-mem-table": 1, "cur-size-active-mem-table": 63 * MIB },
    batchBytes: MIB,
    stalls: false,
  },
  {
    what: "two memtables that wait, and room in the third",
    figures: { "num-immutable-mem-table": 2, "cur-size-active-mem-table": 63 * MIB },
    batchBytes: MIB - 1,
    stalls: false,
  },
  {
    what: "two memtables that wait, and a batch that fills the third",
    figures: { "num-immutable-mem-table": 2, "cur-size-active-mem-table": 63 * MIB },
    batchBytes: MIB,
    stalls: true,
  },
  {
    what: "the same with smaller buffers",
    figures: { "num-immutable-mem-table": 2, "cur-size-active-mem-table": 3 * MIB },
    limits: { writeBufferSize: 4 * MIB },
    batchBytes: MIB,
    stalls: true,
  },
];

describe("admission", () => {
  it.each(cases)("$what: stalls $stalls", async ({ figures, limits, batchBytes = KIB, stalls }) => {
    const engine = new FakeEngine();
    for (const [property, value] of Object.entries(figures)) engine.figures.set(property, value);
    expect(await new Admission(engine, { ...defaults, ...limits }).wouldStall(batchBytes)).toBe(stalls);
  });

  it("looks again when there is a new super version", async () => {
    const engine = new FakeEngine();
    const admission = new Admission(engine, defaults);
    engine.figures.set("is-write-stopped", 1);
    engine.figures.set("current-super-version-number", 1);
    expect(await admission.wouldStall(KIB)).toBe(true);
    engine.figures.set("is-write-stopped", 0);
    engine.figures.set("current-super-version-number", 2);
    expect(await admission.wouldStall(KIB)).toBe(false);
  });

  it("looks at how full the memtable is each time that two wait", async () => {
    const engine = new FakeEngine();
    const admission = new Admission(engine, { ...defaults, writeBufferSize: 4 * MIB });
    engine.figures.set("num-immutable-mem-table", 2);
    expect(await admission.wouldStall(MIB)).toBe(false);
    engine.figures.set("cur-size-active-mem-table", 3 * MIB);
    expect(await admission.wouldStall(MIB)).toBe(true);
  });
});

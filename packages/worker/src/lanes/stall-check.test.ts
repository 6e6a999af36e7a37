import { describe, expect, it } from "vitest";
import { FakeEngine } from "../../test/fake-engine.ts";
import { StallCheck, type StallLimits } from "./stall-check.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const defaults: StallLimits = { level0StopWritesTrigger: null, writeBufferSize: null };

interface Case {
  readonly what: string;
  readonly properties: Record<string, number>;
  readonly limits?: Partial<StallLimits>;
  readonly batchBytes?: number;
  readonly stalls: boolean;
}

const cases: Case[] = [
  { what: "nothing would stall", properties: {}, stalls: false },
  { what: "writes are stopped", properties: { "is-write-stopped": 1 }, stalls: true },
  { what: "writes are slowed down", properties: { "actual-delayed-write-rate": 16 * MIB }, stalls: true },
  { what: "level 0 below the slowdown", properties: { "num-files-at-level0": 19 }, stalls: false },
  { what: "level 0 at the slowdown", properties: { "num-files-at-level0": 20 }, stalls: true },
  {
    what: "level 0 below a configured trigger",
    properties: { "num-files-at-level0": 3 },
    limits: { level0StopWritesTrigger: 4 },
    stalls: false,
  },
  {
    what: "level 0 at a configured trigger",
    properties: { "num-files-at-level0": 4 },
    limits: { level0StopWritesTrigger: 4 },
    stalls: true,
  },
  {
    what: "a configured trigger above the slowdown, which comes first",
    properties: { "num-files-at-level0": 20 },
    limits: { level0StopWritesTrigger: 36 },
    stalls: true,
  },
  {
    what: "a full memtable and no immutable one",
    properties: { "cur-size-active-mem-table": 64 * MIB },
    stalls: false,
  },
  {
    what: "one immutable memtable, and a batch that fills the active one: there is a third",
    properties: { "num-immutable-mem-table": 1, "cur-size-active-mem-table": 63 * MIB },
    batchBytes: MIB,
    stalls: false,
  },
  {
    what: "two immutable memtables, and the batch fits in the third",
    properties: { "num-immutable-mem-table": 2, "cur-size-active-mem-table": 63 * MIB },
    batchBytes: MIB - 1,
    stalls: false,
  },
  {
    what: "two immutable memtables, and a batch that fills the third",
    properties: { "num-immutable-mem-table": 2, "cur-size-active-mem-table": 63 * MIB },
    batchBytes: MIB,
    stalls: true,
  },
  {
    what: "the same with smaller buffers",
    properties: { "num-immutable-mem-table": 2, "cur-size-active-mem-table": 3 * MIB },
    limits: { writeBufferSize: 4 * MIB },
    batchBytes: MIB,
    stalls: true,
  },
];

describe("the stall check", () => {
  it.each(cases)("$what: stalls $stalls", async ({ properties, limits, batchBytes = KIB, stalls }) => {
    const engine = new FakeEngine();
    for (const [property, value] of Object.entries(properties)) engine.properties.set(property, value);
    expect(await new StallCheck(engine, { ...defaults, ...limits }).wouldStall(batchBytes)).toBe(stalls);
  });

  it("reads the properties again when there is a new super version", async () => {
    const engine = new FakeEngine();
    const stallCheck = new StallCheck(engine, defaults);
    engine.properties.set("is-write-stopped", 1);
    engine.properties.set("current-super-version-number", 1);
    expect(await stallCheck.wouldStall(KIB)).toBe(true);
    engine.properties.set("is-write-stopped", 0);
    engine.properties.set("current-super-version-number", 2);
    expect(await stallCheck.wouldStall(KIB)).toBe(false);
  });

  it("reads the active memtable's size at each call while two are immutable", async () => {
    const engine = new FakeEngine();
    const stallCheck = new StallCheck(engine, { ...defaults, writeBufferSize: 4 * MIB });
    engine.properties.set("num-immutable-mem-table", 2);
    expect(await stallCheck.wouldStall(MIB)).toBe(false);
    engine.properties.set("cur-size-active-mem-table", 3 * MIB);
    expect(await stallCheck.wouldStall(MIB)).toBe(true);
  });
});

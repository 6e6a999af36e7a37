import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DURATION_BOUNDS_SECONDS, type Histogram } from "./histogram.ts";
import { LATCH_KINDS } from "./latch-kind.ts";
import { createStatusMemory, SAMPLE_FIELDS, type Sample, ShardStatus } from "./shard-status.ts";

/** Of a shard's 1,024 bytes. */
const MAX_REASON_BYTES = 320;
const CACHE_LINE_BYTES = 64;

function oneShard(memory = createStatusMemory(1)): ShardStatus {
  return new ShardStatus(memory, 0);
}

function sampleOf(base: number): Sample {
  return Object.fromEntries(SAMPLE_FIELDS.map((field, index) => [field, base + index])) as Sample;
}

/** Every bucket of a histogram, the last one for values above all bounds. */
function buckets(histogram: Histogram): number[] {
  return [...histogram.bounds, "more"].map((_, bucket) => histogram.count(bucket));
}

/** Writes each part of the block. */
function fill(status: ShardStatus): void {
  const { gate, batchSizes, syncSeconds } = status;
  gate.latch("é".repeat(MAX_REASON_BYTES), Number.MAX_VALUE, "io");
  gate.countForegroundError();
  status.beat();
  status.writeSample(sampleOf(1e300));
  for (const histogram of [batchSizes, syncSeconds]) {
    for (const bound of [...histogram.bounds, 1e300]) histogram.add(bound);
  }
}

describe("the layout", () => {
  const SHARDS = 5;

  it.each([...Array(SHARDS).keys()])("shard %i shares no byte and no cache line with another", (shard) => {
    const memory = createStatusMemory(SHARDS);
    const stride = memory.byteLength / SHARDS;
    expect(stride % CACHE_LINE_BYTES).toBe(0);
    fill(new ShardStatus(memory, shard));
    const touched = [...new Uint8Array(memory)].flatMap((byte, at) => (byte === 0 ? [] : [at]));
    expect(Math.min(...touched)).toBeGreaterThanOrEqual(shard * stride);
    expect(Math.max(...touched)).toBeLessThan((shard + 1) * stride);
    for (let other = 0; other < SHARDS; other++) {
      if (other === shard) continue;
      const { gate, heartbeat, batchSizes, syncSeconds } = new ShardStatus(memory, other);
      const { latched, latchedFor, latches, foregroundErrors } = gate;
      expect({ latched, latchedFor, latches, foregroundErrors, heartbeat }).toStrictEqual({
        latched: false,
        latchedFor: null,
        latches: 0,
        foregroundErrors: 0,
        heartbeat: 0,
      });
      expect([batchSizes.sum, syncSeconds.sum]).toStrictEqual([0, 0]);
    }
  });

  it("within a shard no field runs into another", () => {
    const status = oneShard();
    const { gate } = status;
    const sample = sampleOf(1_000);
    gate.countForegroundError();
    status.beat();
    status.beat();
    status.writeSample(sample);
    gate.latch("a".repeat(MAX_REASON_BYTES), 12.5, "io");
    expect(status.readSample()).toStrictEqual(sample);
    expect([gate.foregroundErrors, status.heartbeat, gate.latchedFor?.atMs]).toStrictEqual([1, 2, 12.5]);
    status.writeSample(sampleOf(-5));
    expect(gate.latchedFor).toStrictEqual({ kind: "io", reason: "a".repeat(MAX_REASON_BYTES), atMs: 12.5 });
    expect([gate.latched, gate.foregroundErrors, status.heartbeat]).toStrictEqual([true, 1, 2]);
  });

  it("two views of one shard see the same", () => {
    const memory = createStatusMemory(2);
    new ShardStatus(memory, 1).gate.latch("io: the disk is gone", 3, "io");
    expect(new ShardStatus(memory, 1).gate.latchedFor?.reason).toBe("io: the disk is gone");
    expect(new ShardStatus(memory, 0).gate.latched).toBe(false);
  });
});

describe("the heartbeat and the sample", () => {
  it("errors and beats are counted one by one", () => {
    const status = oneShard();
    const { gate } = status;
    for (let count = 1; count <= 3; count++) {
      gate.countForegroundError();
      expect([gate.foregroundErrors, status.heartbeat]).toStrictEqual([count, count - 1]);
      status.beat();
      expect([gate.foregroundErrors, status.heartbeat]).toStrictEqual([count, count]);
    }
  });

  it("clearing the gate leaves the heartbeat", () => {
    const status = oneShard();
    status.gate.countForegroundError();
    status.beat();
    status.gate.latch("io: the disk is gone", 1_000, "io");
    expect(status.gate.clear(1, "proof")).toBe(true);
    expect([status.gate.foregroundErrors, status.heartbeat]).toStrictEqual([0, 1]);
  });

  it("a sample reads as it was written, field by field; before the first one it is all zero", () => {
    const status = oneShard();
    expect(status.readSample()).toStrictEqual(Object.fromEntries(SAMPLE_FIELDS.map((field) => [field, 0])));
    const anySample = fc.record(
      Object.fromEntries(SAMPLE_FIELDS.map((field) => [field, fc.double({ noNaN: true })])),
    ) as fc.Arbitrary<Sample>;
    fc.assert(
      fc.property(anySample, (sample) => {
        status.writeSample(sample);
        expect({ ...status.readSample() }).toStrictEqual({ ...sample });
      }),
    );
  });
});

describe("the histograms", () => {
  it("of batch sizes and of syncs are seen by every view, and touch nothing else", () => {
    const memory = createStatusMemory(1);
    const status = oneShard(memory);
    const sample = sampleOf(1);
    status.writeSample(sample);
    for (const kind of LATCH_KINDS) {
      status.gate.latch("why", 1_000, kind);
      status.gate.clear(0, "proof");
    }
    for (const bound of status.batchSizes.bounds) status.batchSizes.add(bound);
    status.batchSizes.add(513);
    for (const bound of DURATION_BOUNDS_SECONDS) status.syncSeconds.add(bound);
    status.syncSeconds.add(31);

    const view = oneShard(memory);
    const { batchSizes, syncSeconds, gate } = view;
    expect(buckets(batchSizes)).toStrictEqual(Array(11).fill(1));
    expect(buckets(syncSeconds)).toStrictEqual(Array(19).fill(1));
    expect(batchSizes.sum).toBe(1023 + 513);
    expect(syncSeconds.sum).toBeCloseTo(
      DURATION_BOUNDS_SECONDS.reduce((sum, bound) => sum + bound, 31),
      9,
    );
    expect(view.readSample()).toStrictEqual(sample);
    expect(LATCH_KINDS.map((kind) => gate.transitions(kind))).toStrictEqual(LATCH_KINDS.map(() => 1));
    expect([gate.transitions("proof"), gate.transitions("force")]).toStrictEqual([7, 0]);
  });
});

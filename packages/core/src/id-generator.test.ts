import fc from "fast-check";
import { v1 } from "uuid";
import { describe, expect, it, vi } from "vitest";
import { GREGORIAN_TO_UNIX_MS, STEPS_PER_MS, stepsOf } from "../test/steps-of.ts";
import { SpoolId } from "./spool-id.ts";

const TEXT = "c232ab00941411ecb3c89f6bdeced846";

/** The class with a generator of its own, as another thread has it, before its first id. */
async function freshSpoolId(): Promise<typeof SpoolId> {
  vi.resetModules();
  return (await import("./spool-id.ts")).SpoolId;
}

describe("generate", () => {
  it("makes a version-1 UUID of now, with a random node", () => {
    const before = Date.now();
    const id = SpoolId.generate();
    expect(id.toString()).toMatch(/^[0-9a-f]{12}1[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(id.bytes[10]! & 0x01).toBe(1);
    expect(id.createdMs).toBeGreaterThanOrEqual(before);
    expect(id.createdMs).toBeLessThanOrEqual(Date.now());
  });

  it("ascends strictly over 100,000 ids while the clock advances, stands still and goes back", async () => {
    const Fresh = await freshSpoolId();
    const start = Date.now();
    let calls = 0;
    vi.spyOn(Date, "now").mockImplementation(() => {
      calls++;
      if (calls < 20_000) return start + Math.floor(calls / 7);
      if (calls < 60_000) return start + 5_000;
      return start - calls;
    });
    let last = -1n;
    const texts = new Set<string>();
    for (let made = 0; made < 100_000; made++) {
      const id = Fresh.generate();
      const steps = stepsOf(id);
      if (steps <= last) throw new Error(`${steps} is not after ${last}`);
      last = steps;
      texts.add(id.toString());
    }
    expect(texts.size).toBe(100_000);
  });

  it("ascends by one step while the clock stands still, then uses the next millisecond's steps", async () => {
    const Fresh = await freshSpoolId();
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now);
    const first = Fresh.generate();
    expect(first.createdMs).toBe(now);
    for (let step = 1; step < 2 * STEPS_PER_MS; step++) {
      const id = Fresh.generate();
      if (stepsOf(id) !== stepsOf(first) + BigInt(step)) throw new Error(`step ${step} is ${id}`);
    }
    expect(Fresh.generate().createdMs).toBe(now + 2);
  });

  it("writes every timestamp as uuid's v1 does, whatever the clock does", async () => {
    const Fresh = await freshSpoolId();
    let now = Date.now();
    let msecs = 0;
    let nsecs = 0;
    const jump = fc.oneof(fc.integer({ min: -5_000, max: 500_000 }), fc.constant(0));
    fc.assert(
      fc.property(fc.array(jump, { minLength: 1, maxLength: 50 }), (jumps) => {
        for (const by of jumps) {
          now += by;
          vi.spyOn(Date, "now").mockReturnValue(now);
          const id = Fresh.generate();
          // The model: so few ids never use up the steps of a millisecond.
          nsecs = now > msecs ? 0 : nsecs + 1;
          msecs = Math.max(now, msecs);
          const options = { msecs, nsecs, clockseq: 0, node: id.bytes.subarray(10), random: new Uint8Array(16) };
          const expected = v1(options, new Uint8Array(16));
          expect([...id.bytes.subarray(0, 8)]).toEqual([...expected.subarray(0, 8)]);
        }
      }),
    );
  });

  it("carries into time_mid when time_low overflows", async () => {
    const Fresh = await freshSpoolId();
    // time_low overflows every 2^32 steps: set the clock to the millisecond of the next overflow.
    const now = (BigInt(Date.now()) + GREGORIAN_TO_UNIX_MS) * BigInt(STEPS_PER_MS);
    const overflow = ((now >> 32n) + 1n) << 32n;
    vi.spyOn(Date, "now").mockReturnValue(Number(overflow / BigInt(STEPS_PER_MS) - GREGORIAN_TO_UNIX_MS));
    let last = stepsOf(Fresh.generate());
    expect(last).toBeLessThan(overflow);
    for (let made = 1; made < STEPS_PER_MS; made++) {
      const steps = stepsOf(Fresh.generate());
      if (steps !== last + 1n) throw new Error(`${steps} does not follow ${last}`);
      last = steps;
    }
    expect(last).toBeGreaterThan(overflow);
  });

  it("in two threads never makes the same id at the same moment", async () => {
    const classes = [await freshSpoolId(), await freshSpoolId()];
    vi.spyOn(Date, "now").mockReturnValue(Date.now());
    const texts = new Set<string>();
    for (let made = 0; made < 1_000; made++) for (const Fresh of classes) texts.add(Fresh.generate().toString());
    expect(texts.size).toBe(2_000);
  });
});

describe("deriveWithClonedTimestamp", () => {
  it("keeps the timestamp and draws clock sequence and node anew, each time", () => {
    const id = SpoolId.parse(TEXT);
    const texts = new Set([TEXT]);
    for (let made = 0; made < 1_000; made++) {
      const derived = id.deriveWithClonedTimestamp();
      expect(derived.toString().slice(0, 16)).toBe(TEXT.slice(0, 16));
      expect(SpoolId.fromBytes(derived.bytes).equals(derived)).toBe(true);
      expect(derived.bytes[10]! & 0x01).toBe(1);
      texts.add(derived.toString());
    }
    expect(texts.size).toBe(1_001);
    expect(id.toString()).toBe(TEXT);
  });
});

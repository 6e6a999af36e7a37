import fc from "fast-check";
import { type Spool, SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { loadOrNull } from "../support/load-or-null.ts";
import { payload } from "../support/payload.mjs";

const IDS = 3;

/** Nothing is awaited but where `pause` says so: that is what makes the calls meet each other. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("store" as const), id: fc.nat(IDS - 1), size: sizes(), sync: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), id: fc.nat(IDS - 1) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("load" as const), id: fc.nat(IDS - 1) }) },
  { weight: 1, arbitrary: fc.constant({ do: "pause" as const, for: "turn" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "pause" as const, for: "all" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function sizes(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(64), fc.integer({ min: 4000, max: 9000 }), fc.constant(1_200_000));
}

export function describeOrder(shared: () => Spool): void {
  describe("the order of operations on one id", () => {
    it("is the order of the calls, and a load sees everything acknowledged before it (model test)", async () => {
      const spool = shared();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
          await runSteps(spool, steps);
        }),
        { numRuns: 60 },
      );
    });

    it("holds for a thousand stores of one id at once", async () => {
      const spool = shared();
      const id = spool.newId();
      const stores = Array.from({ length: 1000 }, (_, i) =>
        spool.store(id, payload(i, 100), { forceSync: i % 100 === 0 }),
      );
      await Promise.all(stores);
      expect(Buffer.compare(await spool.load(id), payload(999, 100))).toBe(0);
    });

    it("holds for a small store behind one that takes a frame of its own", async () => {
      const spool = shared();
      const id = spool.newId();
      for (let round = 0; round < 5; round++) {
        await Promise.all([spool.store(id, payload(1, 3_000_000)), spool.store(id, payload(2, 10))]);
        expect((await spool.load(id)).byteLength).toBe(10);
      }
    });

    it("is acknowledged in that order", async () => {
      const spool = shared();
      const id = spool.newId();
      const acknowledged: number[] = [];
      await Promise.all(
        Array.from({ length: 600 }, (_, i) => spool.store(id, payload(i, 50)).then(() => acknowledged.push(i))),
      );
      expect(acknowledged).toEqual(Array.from({ length: 600 }, (_, i) => i));
    });
  });
}

/** What an id may hold: all values written to it, and up to which one they are acknowledged. */
class Model {
  /** Null: nothing. The first entry is what it held before the first call. */
  readonly history: (Uint8Array | null)[] = [null];
  acknowledged = 0;

  wrote(value: Uint8Array | null): number {
    return this.history.push(value) - 1;
  }

  acknowledge(at: number): void {
    this.acknowledged = Math.max(this.acknowledged, at);
  }

  /** True where a load that was called when `from` was acknowledged may have found `value` by now. */
  allows(value: Uint8Array | null, from: number): boolean {
    return this.history.slice(from).some((held) => same(held, value));
  }
}

async function runSteps(spool: Spool, steps: readonly Step[]): Promise<void> {
  const ids = Array.from({ length: IDS }, () => SpoolId.generate());
  const models = ids.map(() => new Model());
  const running: Promise<void>[] = [];

  for (const [number, current] of steps.entries()) {
    if (current.do === "pause") {
      if (current.for === "all") await Promise.all(running);
      else await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const id = ids[current.id] as SpoolId;
    const model = models[current.id] as Model;
    if (current.do === "load") {
      const from = model.acknowledged;
      running.push(
        loadOrNull(spool, id).then((value) => {
          expect(model.allows(value, from), `step ${number}: a load saw ${value?.byteLength ?? "no"} bytes`).toBe(true);
        }),
      );
      continue;
    }
    const value = current.do === "store" ? payload(number, current.size) : null;
    const at = model.wrote(value);
    const write =
      value === null ? spool.remove(id) : spool.store(id, value, { forceSync: current.do === "store" && current.sync });
    running.push(write.then(() => model.acknowledge(at)));
  }

  await Promise.all(running);
  for (const [index, id] of ids.entries()) {
    const last = models[index]?.history.at(-1) ?? null;
    const found = await loadOrNull(spool, id);
    expect(
      same(found, last),
      `id ${index} holds ${found?.byteLength ?? "no"} bytes instead of ${last?.byteLength ?? "none"}`,
    ).toBe(true);
    await spool.remove(id);
  }
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}

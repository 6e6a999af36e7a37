import fc from "fast-check";
import { expect, it } from "vitest";
import { LivePlaces } from "./live-places.ts";

/** Ids that share most of their bytes, so that slots collide. */
function idOf(number: number): Uint8Array {
  const id = Buffer.alloc(16, 7);
  id.writeUInt32BE(number, 12);
  return id;
}

type Step = { readonly id: number; readonly at: readonly [segment: number, offset: number] | null };

const anyPlace = fc.tuple(fc.nat(2 ** 20), fc.nat(2 ** 31 - 1));
const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ id: fc.nat(3000), at: fc.option(anyPlace) }, { noNullPrototype: true }),
  { minLength: 1, maxLength: 4000, size: "max" },
);

it("knows where the newest version of each id lies, whatever was set, replaced and removed before", () => {
  fc.assert(
    fc.property(anySteps, (steps) => {
      const places = new LivePlaces();
      const model = new Map<number, Step["at"]>();
      for (const { id, at } of steps) {
        if (at === null) places.remove(idOf(id));
        else places.set(idOf(id), ...at);
        model.set(id, at);
      }
      for (const { id, at } of steps) {
        if (at === null) continue;
        const now = model.get(id) ?? null;
        const isNewest = now !== null && now[0] === at[0] && now[1] === at[1];
        expect(places.isAt(idOf(id), ...at)).toBe(isNewest);
      }
    }),
    { numRuns: 20 },
  );
});

it("grows far beyond its first size, and keeps segment and offset apart", () => {
  const places = new LivePlaces();
  const count = 50_000;
  for (let id = 0; id < count; id++) places.set(idOf(id), id, count - id);
  for (let id = 0; id < count; id += 3) places.remove(idOf(id));
  for (let id = count; id < count + 5_000; id++) places.set(idOf(id), 1, id);
  for (let id = 0; id < count; id++) {
    expect(places.isAt(idOf(id), id, count - id)).toBe(id % 3 !== 0);
    expect(places.isAt(idOf(id), id + 1, count - id)).toBe(false);
  }
});

it("has no place for an id that it has never seen", () => {
  const places = new LivePlaces();
  expect(places.isAt(idOf(1), 0, 0)).toBe(false);
  places.remove(idOf(1));
  expect(places.isAt(idOf(1), 0, 0)).toBe(false);
  places.set(idOf(1), 0, 0);
  expect(places.isAt(idOf(1), 0, 0)).toBe(true);
});

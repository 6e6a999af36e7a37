import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationField, fixedDurationField, MAX_DURATION_MS, parseDuration } from "./duration.ts";

const YEAR_MS = 31_557_600_000;

describe("parseDuration", () => {
  it.each<[unknown, number | null]>([
    [0, 0],
    [1_500, 1_500],
    [0.6, 1],
    ["250ms", 250],
    ["15s", 15_000],
    ["1.5s", 1_500],
    ["5 minutes", 300_000],
    ["24 hours", 86_400_000],
    ["6 Hours", 21_600_000],
    ["1 day", 86_400_000],
    ["1 year", YEAR_MS],
    [YEAR_MS, YEAR_MS],
    [YEAR_MS + 1, null],
    ["53 weeks", null],
    [-1, null],
    ["-5s", null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    ["", null],
    [" ", null],
    ["s", null],
    // Without a unit it could be seconds or milliseconds.
    ["15", null],
    ["15 parsecs", null],
    ["soon", null],
    ["1h 30m", null],
    [`${"1".repeat(200)}s`, null],
    [null, null],
    [undefined, null],
    [15_000n, null],
    [["15s"], null],
    [new Date(15_000), null],
  ])("%s is %s", (value, expected) => {
    expect(parseDuration(value)).toBe(expected);
  });

  it("reads any number in any unit, and is null or in range for any value", () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
    fc.assert(
      fc.property(
        fc.nat({ max: 100_000 }),
        fc.constantFrom(...Object.keys(units)),
        fc.boolean(),
        (count, unit, spaced) => {
          const expected = count * units[unit as keyof typeof units];
          expect(parseDuration(`${count}${spaced ? " " : ""}${unit}`)).toBe(expected <= YEAR_MS ? expected : null);
        },
      ),
    );
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const duration = parseDuration(value);
        expect(duration === null || (Number.isInteger(duration) && duration >= 0 && duration <= MAX_DURATION_MS)).toBe(
          true,
        );
      }),
    );
  });
});

describe("durationField", () => {
  const field = durationField("10 ms", "1 hour");

  it.each([10, "10ms", "1 hour", 3_600_000])("takes %j, which is in range", (value) => {
    expect(field.parse(value)).toBe(parseDuration(value));
  });

  it.each([9, "9ms", "61 minutes", Number.NaN, "soon", null, undefined])(
    "refuses %j with the range in words",
    (value) => {
      expect(field.safeParse(value).error?.issues.map((issue) => issue.message)).toEqual([
        'must be a duration from 10 ms to 1 hour, in milliseconds or as text such as "15s" or "5 minutes"',
      ]);
    },
  );
});

describe("fixedDurationField", () => {
  const field = fixedDurationField("6 hours", "it is what RocksDB does");

  it.each(["6 hours", "6h", "360 minutes", 21_600_000])("takes %j, however it is spelled", (value) => {
    expect(field.parse(value)).toBe(21_600_000);
  });

  it("refuses any other and says why", () => {
    expect(field.safeParse("5h").error?.issues[0]?.message).toBe(
      'only "6 hours" is possible here: it is what RocksDB does',
    );
  });
});

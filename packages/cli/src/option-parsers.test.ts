import { describe, expect, it } from "vitest";
import { moment, wholeNumber } from "./option-parsers.ts";

describe("wholeNumber", () => {
  it("accepts whole numbers in its range and nothing else", () => {
    const parse = wholeNumber(1, 10);
    expect([parse("1"), parse("10")]).toEqual([1, 10]);
    for (const text of ["0", "11", "1.5", "-1", "1e1", "0x2", "", " 3", "abc"])
      expect(() => parse(text)).toThrow("1 to 10");
  });
});

describe("moment", () => {
  it("accepts dates, with or without a time", () => {
    expect(moment("2025-03-01").toISOString()).toBe("2025-03-01T00:00:00.000Z");
    expect(moment("2025-03-01T12:30Z").toISOString()).toBe("2025-03-01T12:30:00.000Z");
  });

  it("accepts ages before now", () => {
    const before = Date.now();
    expect(before - moment("15m").getTime()).toBeLessThanOrEqual(15 * 60_000);
    expect(Date.now() - moment("2d").getTime()).toBeGreaterThanOrEqual(2 * 86_400_000);
  });

  it.each(["", "yesterday", "1", "15 m", "2025", "2025-13-01", "-1h"])("refuses %j", (text) => {
    expect(() => moment(text)).toThrow("must be a date");
  });
});

import { describe, expect, it } from "vitest";
import { parseBenchOptions, USAGE } from "./bench-options.ts";
import { USAGE as COMPARE_USAGE, parseCompareOptions } from "./compare/compare-options.ts";

describe("the benchmark's options", () => {
  it("are all optional", () => {
    expect(parseBenchOptions([])).toEqual({
      quick: false,
      large: false,
      publish: false,
      directory: null,
      report: "bench-report",
      from: null,
      only: null,
    });
  });

  it("are parsed", () => {
    expect(parseBenchOptions(["--quick", "--only", "synced", "--publish"])).toMatchObject({
      quick: true,
      only: "synced",
      publish: true,
    });
    expect(parseBenchOptions(["--help"])).toBe("help");
  });

  it("are rejected if they are unknown, and are all in the usage", () => {
    expect(() => parseBenchOptions(["--fast"])).toThrow("--fast");
    for (const name of ["quick", "large", "only", "directory", "report", "from", "publish"])
      expect(USAGE).toContain(`--${name} `);
  });
});

describe("the comparison's options", () => {
  it("are a commit, and optional ones", () => {
    expect(parseCompareOptions(["main", "--quick"])).toEqual({ ref: "main", quick: true, only: null, directory: null });
    expect(() => parseCompareOptions([])).toThrow("one commit is needed");
    expect(() => parseCompareOptions(["a", "b"])).toThrow("one commit is needed");
    expect(COMPARE_USAGE).toContain("REF");
  });
});

import { expect } from "vitest";
import { SpoolConfigError } from "../src/errors.ts";
import { resolveOptions } from "../src/options/options.ts";

/** The error that `resolveOptions` throws for these options. */
export function refusalOf(options: unknown, environment = { zstdAvailable: true }): SpoolConfigError {
  try {
    resolveOptions(options, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(SpoolConfigError);
    return error as SpoolConfigError;
  }
  throw new Error("nothing was refused");
}

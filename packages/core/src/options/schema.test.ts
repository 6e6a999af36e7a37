import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SpoolConfigError } from "../errors.ts";
import { orNull, parseConfig, strictFields } from "./schema.ts";

const schema = strictFields({ storeDeadline: orNull(z.number()), shards: orNull(z.number()) }, [
  "params.writeBufferSize",
  "params.maxOpenFiles",
]);

function refusalOf(input: unknown): SpoolConfigError {
  try {
    parseConfig(schema, input);
  } catch (error) {
    expect(error).toBeInstanceOf(SpoolConfigError);
    return error as SpoolConfigError;
  }
  throw new Error("nothing was refused");
}

it("a field that is left out is null", () => {
  expect(parseConfig(schema, { shards: 4 })).toStrictEqual({ storeDeadline: null, shards: 4 });
});

it.each([undefined, null, [], "text"])("%j is no object, and the error's field is options", (input) => {
  expect(refusalOf(input)).toMatchObject({ field: "options", value: input, allowed: "must be an object" });
});

describe("an unknown key", () => {
  it.each<[string, string]>([
    ["store_deadline", "storeDeadline"],
    ["STORE-DEADLINE", "storeDeadline"],
    ["params.storeDeadline", "storeDeadline"],
    // A third of 12 letters may be wrong, by letters inserted, left out or replaced.
    ["stordedlinex", "storeDeadline"],
    ["shard", "shards"],
    ["sharbs", "shards"],
    ["shxxds", "shards"],
    ["writeBufferSize", "params.writeBufferSize"],
    ["write_buffer_size", "params.writeBufferSize"],
    ["maxOpenFile", "params.maxOpenFiles"],
  ])("%s suggests %s", (key, nearest) => {
    expect(refusalOf({ [key]: 1 })).toMatchObject({
      field: key,
      value: 1,
      allowed: `there is no such option; did you mean ${nearest}?`,
    });
  });

  it.each(["verbose", "shxxxs", "s", "", "_"])("%j is too far from every name", (key) => {
    expect(refusalOf({ [key]: 1 }).allowed).toBe("there is no such option");
  });
});

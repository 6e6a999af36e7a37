import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GREGORIAN_TO_UNIX_MS, STEPS_PER_MS, stepsOf } from "../test/steps-of.ts";
import { SpoolConfigError } from "./errors.ts";
import { SpoolId } from "./spool-id.ts";

const TEXT = "c232ab00941411ecb3c89f6bdeced846";
const DASHED = "c232ab00-9414-11ec-b3c8-9f6bdeced846";
// The example of RFC 9562, A.1: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
const MADE = new Date("2022-02-22T19:22:22.000Z");

/** Any version-1 UUID: random bytes with version and variant set. */
const anyId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
  bytes[6] = (bytes[6]! & 0x0f) | 0x10;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return SpoolId.fromBytes(bytes);
});

describe("round trips", () => {
  it("text, dashed text, either letter case, bytes, JSON and paths lead back to the same id", () => {
    fc.assert(
      fc.property(anyId, fc.constantFrom("", "/", "spool", "/var/spool/", "a b/c\\d"), (id, dir) => {
        const text = id.toString();
        const dashed = [
          text.slice(0, 8),
          text.slice(8, 12),
          text.slice(12, 16),
          text.slice(16, 20),
          text.slice(20),
        ].join("-");
        for (const again of [
          SpoolId.parse(text),
          SpoolId.parse(text.toUpperCase()),
          SpoolId.parse(dashed),
          SpoolId.parse(dashed.toUpperCase()),
          SpoolId.parse(JSON.parse(JSON.stringify(id))),
          SpoolId.from(id),
          SpoolId.from(text),
          SpoolId.fromBytes(id.toBytes()),
          SpoolId.tryFromBytes(id.bytes)!,
          SpoolId.fromPath(id.toPath(dir)),
          SpoolId.fromPath(id.toPath(dir).replaceAll("/", "\\")),
        ]) {
          expect(again.equals(id)).toBe(true);
          expect(again.toString()).toBe(text);
        }
      }),
    );
  });

  it("the RFC's example is parsed, printed, dated and turned into a path", () => {
    const id = SpoolId.parse(DASHED);
    expect(`${id}`).toBe(TEXT);
    expect(JSON.stringify({ id })).toBe(`{"id":"${TEXT}"}`);
    expect(id.created).toEqual(MADE);
    expect(id.createdMs).toBe(MADE.getTime());
    expect(id.age(new Date(MADE.getTime() + 1_500))).toBe(1_500);
    expect(id.age(MADE.getTime() - 1)).toBe(-1);
    expect(id.toPath("/spool")).toBe("/spool/c2/32/ab/00/941411ecb3c89f6bdeced846");
    expect(id.toPath("/")).toBe("/c2/32/ab/00/941411ecb3c89f6bdeced846");
    expect(id.toPath("")).toBe("c2/32/ab/00/941411ecb3c89f6bdeced846");
    expect(inspect({ id })).toBe(`{ id: SpoolId(${TEXT}) }`);
  });

  it("createdMs is exact for every 60-bit timestamp", () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(BigInt(id.createdMs)).toBe(stepsOf(id) / BigInt(STEPS_PER_MS) - GREGORIAN_TO_UNIX_MS);
      }),
    );
  });
});

describe("the caller's bytes", () => {
  it("fromBytes, tryFromBytes and toBytes copy, also a Buffer", () => {
    const source = Buffer.from(TEXT, "hex");
    const ids = [SpoolId.fromBytes(source), SpoolId.tryFromBytes(source)!];
    source.fill(0);
    for (const id of ids) {
      id.toBytes().fill(0);
      expect(id.toString()).toBe(TEXT);
      expect(SpoolId.parse(TEXT).equals(id)).toBe(true);
    }
  });
});

describe("compare", () => {
  it("sorts ids by timestamp, whatever their text", () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 20 }), (ids) => {
        const sorted = ids.toSorted(SpoolId.compare);
        for (let at = 1; at < sorted.length; at++) {
          expect(stepsOf(sorted[at - 1]!) <= stepsOf(sorted[at]!)).toBe(true);
        }
      }),
    );
  });

  it("is 0 for equal ids only", () => {
    const id = SpoolId.generate();
    expect(SpoolId.compare(id, SpoolId.parse(id.toString()))).toBe(0);
    expect(SpoolId.compare(id, SpoolId.generate())).toBeLessThan(0);
    expect(SpoolId.compare(id, id.deriveWithClonedTimestamp())).not.toBe(0);
  });
});

const FORM = "must be 32 hex digits, or the dashed form of a UUID (8-4-4-4-12)";
const PATH_FORM = "must be a path that ends in a1/a2/a3/a4/rest: 2, 2, 2, 2 and 24 hex digits";
const V4 = "c232ab00941441ecb3c89f6bdeced846";
const OTHER_VARIANT = "c232ab00941411ecc3c89f6bdeced846";

describe("what is no id is refused, and the error says why", () => {
  it.each<[string, () => unknown, string]>([
    ["empty text", () => SpoolId.parse(""), `id is "": ${FORM}`],
    ["a digit missing", () => SpoolId.parse(TEXT.slice(1)), `id is "${TEXT.slice(1)}": ${FORM}`],
    ["a digit too many", () => SpoolId.parse(`${TEXT}0`), `id is "${TEXT}0": ${FORM}`],
    ["not hex", () => SpoolId.parse(TEXT.replace("c", "g")), `id is "${TEXT.replace("c", "g")}": ${FORM}`],
    ["not ASCII", () => SpoolId.parse(TEXT.replace("c", "ⅽ")), `id is "${TEXT.replace("c", "ⅽ")}": ${FORM}`],
    ["a space in front", () => SpoolId.parse(` ${TEXT}`), `id is " ${TEXT}": ${FORM}`],
    ["a dash in the wrong place", () => SpoolId.parse(DASHED.replace("00-94", "0-094")), FORM],
    ["braces", () => SpoolId.parse(`{${DASHED}}`), FORM],
    ["a number for text", () => SpoolId.parse(5 as never), `id is 5: ${FORM}`],
    ["another version", () => SpoolId.parse(V4), `id is "${V4}": must be a version-1 UUID, this is version 4`],
    ["another variant", () => SpoolId.parse(OTHER_VARIANT), "must be a UUID of the RFC 9562 variant"],
    ["the nil UUID", () => SpoolId.parse("0".repeat(32)), "must be a UUID of the RFC 9562 variant"],
    ["15 bytes", () => SpoolId.fromBytes(new Uint8Array(15)), "must be 16 bytes, not 15"],
    ["17 bytes", () => SpoolId.fromBytes(new Uint8Array(17)), "must be 16 bytes, not 17"],
    [
      "bytes of another version",
      () => SpoolId.fromBytes(Buffer.from(V4, "hex")),
      `id is "${V4}": must be a version-1 UUID`,
    ],
    ["an array for bytes", () => SpoolId.fromBytes([] as never), "id is []: must be a Uint8Array of 16 bytes"],
    ["no path", () => SpoolId.fromPath(""), `id is "": ${PATH_FORM}`],
    ["a path too short", () => SpoolId.fromPath("32/ab/00/941411ecb3c89f6bdeced846"), PATH_FORM],
    ["a path with the digits elsewhere", () => SpoolId.fromPath("c/232/ab/00/941411ecb3c89f6bdeced846"), PATH_FORM],
    ["a path that is not hex", () => SpoolId.fromPath("x2/32/ab/00/941411ecb3c89f6bdeced846"), PATH_FORM],
    ["a path of another version", () => SpoolId.fromPath("c2/32/ab/00/941441ecb3c89f6bdeced846"), "this is version 4"],
    ["a path that is no text", () => SpoolId.fromPath(null as never), `id is null: ${PATH_FORM}`],
    ["neither id nor text", () => SpoolId.from(undefined as never), "id is undefined: must be a SpoolId or its text"],
  ])("%s", (_, attempt, message) => {
    let error: unknown;
    try {
      attempt();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SpoolConfigError);
    expect((error as SpoolConfigError).field).toBe("id");
    expect((error as SpoolConfigError).message).toContain(message);
  });

  it("tryFromBytes returns null instead", () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array(16),
      new Uint8Array(17),
      Buffer.from(V4, "hex"),
    ]) {
      expect(SpoolId.tryFromBytes(bytes)).toBeNull();
    }
  });
});
